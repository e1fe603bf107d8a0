#pragma once

#include "journal/support.hpp"
#include "node/linked_journal.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace journal_tests {

struct adapter {
  const char* name;
  bool in_memory;
  ensemble::durability durability;
  bool linked = false; ///< kept by another node
};

class JournalContract : public testing::TestWithParam<adapter> {
protected:
  JournalContract() { open(); }

  void open(type_lookup types = {}) {
    reader_.reset();
    journal_.reset();
    journal_options options;
    if (!GetParam().in_memory) options.path = directory_.file();
    options.durability = GetParam().durability;
    options.types = std::move(types);
    journal_ = GetParam().linked ? node_tests::open_linked_journal(options) : open_journal(options);
    reader_ = journal_->open_reader();
  }

  std::vector<append_result> commit(std::vector<append_request> requests, timestamp now = at(1)) {
    return journal_->commit(requests, now);
  }
  append_result commit(append_request request, timestamp now = at(1)) {
    return commit_one(*journal_, std::move(request), now);
  }
  journal_reader& reader() { return *reader_; }
  /// What is wrong with what is stored. A linked journal is verified where it is kept.
  std::vector<std::string> faults(journal_reader& of) const {
    return GetParam().linked ? std::vector<std::string>{} : journal_tests::faults(of);
  }
  std::vector<std::uint64_t> positions(const std::vector<recorded_event>& events) {
    std::vector<std::uint64_t> found;
    for (const auto& e : events) found.push_back(e.position.value);
    return found;
  }
  void expect_refused(append_request request, const std::string& why) {
    const auto refused = error_of([&] { commit(std::move(request)); });
    EXPECT_EQ(refused.code(), errc::bad_argument);
    EXPECT_THAT(refused.what(), testing::HasSubstr(why));
    EXPECT_EQ(reader().head(), position{0});
  }

  temporary_directory directory_;
  std::unique_ptr<journal> journal_;
  std::unique_ptr<journal_reader> reader_;
};

/// All of them.
inline std::vector<adapter> adapters() {
  return {{"Memory", true, durability::durable},
          {"SqliteDurable", false, durability::durable},
          {"SqliteSpeculative", false, durability::speculative},
          {"SqliteRelaxed", false, durability::relaxed},
          {"LinkedMemory", true, durability::durable, true},
          {"LinkedSqlite", false, durability::durable, true}};
}

} // namespace journal_tests
