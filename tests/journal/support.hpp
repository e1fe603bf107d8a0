#pragma once

#include <ensemble/journal.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace journal_tests {

using namespace ensemble;

/// A directory of its own for one test, removed with all that is in it.
class temporary_directory {
public:
  temporary_directory() {
    auto pattern = std::filesystem::path(testing::TempDir()) / "ensemble-journal-XXXXXX";
    auto name = pattern.string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name = "journal.db") const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

inline timestamp at(std::int64_t nanoseconds) {
  return timestamp(std::chrono::nanoseconds(nanoseconds));
}

inline event_id id(std::uint64_t head, std::uint64_t tail = 1) { return event_id::of(head, tail); }

/// An event of a type that no program knows, whose only event it is.
inline new_event event(std::uint64_t key, std::string text = "{}") {
  new_event made;
  made.id = id(key);
  made.origin.correlation = correlation_id::of(key, 7);
  made.body = message::opaque("thing_happened", 1, std::move(text));
  return made;
}

/// The events of one command, with ids that begin at `key`.
inline std::vector<new_event> run(std::uint64_t key, std::uint32_t count) {
  std::vector<new_event> made;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto next = event(key, "{\"n\":" + std::to_string(i) + "}");
    next.id = id(key, i + 1);
    next.index = i;
    next.last = i + 1 == count;
    made.push_back(std::move(next));
  }
  return made;
}

inline append_request append(std::string stream, std::vector<new_event> events,
                             expected_version expected = expected_version::any()) {
  append_request made;
  made.streams.push_back({std::move(stream), expected, std::move(events)});
  return made;
}

inline append_request append(std::string stream, new_event only,
                             expected_version expected = expected_version::any()) {
  return append(std::move(stream), std::vector{std::move(only)}, expected);
}

inline append_request book(std::string name, std::string key, std::optional<std::string> value) {
  append_request made;
  made.books.push_back({std::move(name), std::move(key), std::move(value)});
  return made;
}

inline append_result commit_one(journal& j, append_request request, timestamp now = at(1)) {
  const std::vector<append_request> requests{std::move(request)};
  return j.commit(requests, now).at(0);
}

/// All that verification finds.
inline std::vector<std::string> faults(journal_reader& reader) {
  std::vector<std::string> found;
  reader.verify([&](const std::string& fault) { found.push_back(fault); });
  return found;
}

/// Runs `what`, which must throw an ensemble::error, and returns it.
template <class Function>
error error_of(Function what) {
  try {
    what();
  } catch (const error& thrown) {
    return thrown;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {errc::bad_argument, "nothing was thrown"};
}

using status = append_result::status;

} // namespace journal_tests
