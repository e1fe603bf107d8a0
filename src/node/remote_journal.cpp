#include "node/remote_journal.hpp"

#include "journal/append_rules.hpp"
#include "journal/stored_message.hpp"
#include "node/journal_client.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <type_traits>
#include <utility>

namespace ensemble::node {

namespace {

using waiting = std::function<void(const std::function<bool()>&)>;

/// Never the same twice: the client tells answers apart by them, whatever journal asks.
std::uint64_t next_tag() noexcept {
  static std::atomic<std::uint64_t> tags = 0;
  return ++tags;
}

/// Questions to the journal's node, and the wait for their answers. For any number of threads.
class asking {
public:
  asking(caf::actor client, waiting wait) : client_(std::move(client)), wait_(std::move(wait)) {}

  template <class Asked>
  [[nodiscard]] std::shared_ptr<journal_question> question(Asked what) {
    auto made = std::make_shared<journal_question>();
    made->tag = what.tag = next_tag();
    made->bytes = encode(std::move(what));
    constexpr bool read = std::is_same_v<Asked, read_asked>;
    made->cost = std::max(made->bytes.size(), read ? most_frame_bytes / 2 : std::size_t{0});
    return made;
  }

  [[nodiscard]] std::future<frame> ask(std::shared_ptr<journal_question> what) {
    auto answer = what->answer.get_future();
    // If nobody is there any more, the question is destroyed, and its promise breaks.
    caf::anon_send(client_, ask_journal{std::move(what)});
    return answer;
  }

  void follow(position seen, std::function<void(std::vector<recorded_event>)> take) {
    caf::anon_send(client_, follow_journal{seen, std::move(take)});
  }

  template <class Told>
  [[nodiscard]] Told told(std::future<frame>& answer) {
    if (wait_)
      wait_([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    try {
      auto what = answer.get();
      if (auto* found = std::get_if<Told>(&what)) return std::move(*found);
    } catch (const std::future_error&) {
      throw error(errc::journal_failed, "this node has stopped; what was asked is unknown");
    }
    throw error(errc::journal_failed, "the journal's node answers what was not asked");
  }

private:
  caf::actor client_;
  waiting wait_;
};

bool makes_sense(const append_request& asked, const append_result& told) {
  using status = append_result::status;
  if (told.state == status::no_space || told.state == status::fenced) return true;
  if (told.lengths.size() != asked.streams.size()) return false;
  if (told.state != status::appended) return true;
  std::uint64_t events = 0;
  for (std::size_t n = 0; n < asked.streams.size(); ++n) {
    if (told.lengths[n] < asked.streams[n].events.size()) return false;
    events += asked.streams[n].events.size();
  }
  if (events == 0) return true;
  return told.first > position{} && told.last >= told.first &&
         told.last.value - told.first.value == events - 1;
}

bool holds_opaque(const append_request& request) {
  return std::ranges::any_of(request.streams, [](const stream_append& part) {
    return std::ranges::any_of(part.events,
                               [](const new_event& e) { return e.body.type() == nullptr; });
  });
}

// Else the other node would end the link, and this one would ask again for ever.
void must_be_readable(const std::string& bytes) {
  try {
    (void)decode(bytes, {});
  } catch (const error& e) {
    throw error(errc::bad_argument, std::string("no other node can read it: ") + e.what());
  }
}

class remote_reader final : public journal_reader {
public:
  remote_reader(std::shared_ptr<asking> by, type_lookup types)
      : by_(std::move(by)), types_(std::move(types)) {}

  position head() override { return read({}).head; }

  std::vector<recorded_event> read_all(position from, std::size_t limit) override {
    read_asked what;
    what.what = read_asked::kind::all;
    what.from = from.value;
    return pages(what, limit, &read_told::events,
                 [&](const recorded_event& last) { what.from = last.position.value + 1; });
  }

  std::vector<recorded_event> read_stream(std::string_view stream, stream_version from,
                                          std::size_t limit) override {
    read_asked what;
    what.what = read_asked::kind::stream;
    what.name = stream;
    what.from = from.value;
    return pages(what, limit, &read_told::events,
                 [&](const recorded_event& last) { what.from = last.version.value + 1; });
  }

  std::vector<recorded_event> read_instance(instance_id instance, position after,
                                            std::size_t limit) override {
    return of_id(read_asked::kind::instance, instance.bytes, after, limit);
  }

  std::vector<recorded_event> read_correlation(correlation_id correlation, position after,
                                               std::size_t limit) override {
    return of_id(read_asked::kind::correlation, correlation.bytes, after, limit);
  }

  std::optional<recorded_event> find(std::string_view stream, event_id id) override {
    read_asked what;
    what.what = read_asked::kind::find;
    what.name = stream;
    what.id = id.bytes;
    auto told = read(std::move(what));
    if (told.events.empty()) return std::nullopt;
    return std::move(told.events.front());
  }

  std::vector<std::string> stream_names(std::string_view category, std::string_view after,
                                        std::size_t limit) override {
    read_asked what;
    what.what = read_asked::kind::stream_names;
    what.name = category;
    what.after = after;
    return pages(what, limit, &read_told::names,
                 [&](const std::string& last) { what.after = last; });
  }

  std::vector<std::string> message_names() override {
    read_asked what;
    what.what = read_asked::kind::message_names;
    auto told = read(std::move(what));
    if (!told.complete)
      throw error(errc::journal_failed, "the journal holds more names of messages than a frame");
    return std::move(told.names);
  }

  std::vector<book_row> read_book(std::string_view book, std::string_view after_key,
                                  std::size_t limit) override {
    read_asked what;
    what.what = read_asked::kind::book;
    what.name = book;
    what.after = after_key;
    return pages(what, limit, &read_told::rows,
                 [&](const book_row& last) { what.after = last.key; });
  }

  std::uint64_t verify(const std::function<void(const std::string&)>&) override {
    throw error(errc::wrong_state, "a journal is verified on the node that keeps it");
  }

private:
  [[nodiscard]] read_told read(read_asked what) {
    auto answer = by_->ask(by_->question(std::move(what)));
    auto told = by_->told<read_told>(answer);
    if (told.failure) throw *told.failure;
    for (auto& e : told.events)
      e.body = storage::stored_message(types_, e.body.name(), e.body.schema_version(),
                                       e.body.text(), e.position, e.stream, e.version);
    return told;
  }

  /// Asks until there is enough, or no more: the journal's node gives pages that fit into a frame.
  template <class T, class GoOn>
  std::vector<T> pages(read_asked& what, std::size_t limit, std::vector<T> read_told::*part,
                       GoOn go_on) {
    std::vector<T> all;
    while (all.size() < limit) {
      what.limit = std::min(limit - all.size(), read_page);
      auto told = read(what);
      auto& page = told.*part;
      const bool more = !told.complete || page.size() == what.limit;
      std::move(page.begin(), page.end(), std::back_inserter(all));
      if (!more || page.empty()) break;
      go_on(all.back());
    }
    return all;
  }

  std::vector<recorded_event> of_id(read_asked::kind kind, const std::array<std::uint8_t, 16>& id,
                                    position after, std::size_t limit) {
    read_asked what;
    what.what = kind;
    what.id = id;
    what.from = after.value;
    return pages(what, limit, &read_told::events,
                 [&](const recorded_event& last) { what.from = last.position.value; });
  }

  std::shared_ptr<asking> by_;
  type_lookup types_;
};

class remote_journal final : public journal {
public:
  remote_journal(caf::actor client, type_lookup types, waiting wait)
      : by_(std::make_shared<asking>(std::move(client), std::move(wait))),
        types_(std::move(types)) {}

  std::vector<append_result> commit(std::span<const append_request> requests, timestamp) override {
    if (failed_) throw error(errc::journal_failed, "the journal has failed: open it anew");
    for (const auto& request : requests) storage::check_request(request);
    // Whatever cannot be asked is found before anything is.
    std::vector<std::shared_ptr<journal_question>> questions;
    questions.reserve(requests.size());
    for (const auto& request : requests) {
      questions.push_back(by_->question(append_asked{0, request}));
      if (holds_opaque(request)) must_be_readable(questions.back()->bytes);
    }
    std::vector<std::future<frame>> answers;
    answers.reserve(requests.size());
    for (auto& question : questions) answers.push_back(by_->ask(std::move(question)));
    std::vector<append_result> results;
    results.reserve(requests.size());
    std::optional<error> refused;
    try {
      for (std::size_t n = 0; n < requests.size(); ++n) {
        auto told = by_->told<append_told>(answers[n]);
        if (told.failure) {
          refused = told.failure;
          continue;
        }
        if (!makes_sense(requests[n], told.result))
          throw error(errc::journal_failed, "the journal's node answers what cannot be");
        results.push_back(std::move(told.result));
      }
    } catch (const error&) {
      failed_ = true;
      throw;
    }
    if (refused) throw *refused;
    return results;
  }

  [[nodiscard]] bool follow(position seen,
                            std::function<void(std::vector<recorded_event>)> take) override {
    by_->follow(seen, std::move(take));
    return true;
  }

  std::unique_ptr<journal_reader> open_reader() override {
    return std::make_unique<remote_reader>(by_, types_);
  }

  [[nodiscard]] bool blocking() const noexcept override { return true; }

private:
  std::shared_ptr<asking> by_;
  type_lookup types_;
  bool failed_ = false;
};

} // namespace

std::unique_ptr<journal>
make_remote_journal(caf::actor client, type_lookup types,
                    std::function<void(const std::function<bool()>&)> wait) {
  return std::make_unique<remote_journal>(std::move(client), std::move(types), std::move(wait));
}

} // namespace ensemble::node
