// A damaged index page can leave entries out. What is gap-free is then found by the read itself.

#include "journal/support.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <array>
#include <fstream>
#include <iterator>

namespace journal_tests {

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::uint64_t streams = 40;
constexpr std::uint64_t events_a_stream = 60;

class SqliteHiddenEvents : public testing::Test {
protected:
  SqliteHiddenEvents() {
    options_.path = directory_.file();
    {
      const auto own = open_journal(options_);
      std::vector<append_request> batch;
      for (std::uint64_t n = 0; n < streams * events_a_stream; ++n)
        batch.push_back(append("order-" + std::to_string(n % streams), event(n + 1)));
      // The newest ones, which opening looks at, are others.
      for (std::uint64_t n = 0; n < 1500; ++n) batch.push_back(append("z-1", event(10'000 + n)));
      own->commit(batch, at(1));
    }
    std::ifstream file(options_.path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }

  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | static_cast<std::uint8_t>(bytes_.at(at + i));
    return value;
  }

  // Where the pages at the bottom of a b-tree begin: see SQLite's file format.
  void leaves_below(std::size_t page, std::vector<std::size_t>& found) const {
    const auto begin = (page - 1) * page_size;
    const auto kind = number(begin, 1);
    if (kind == 0x0A || kind == 0x0D) {
      found.push_back(begin);
      return;
    }
    for (std::size_t cell = 0; cell < number(begin + 3, 2); ++cell)
      leaves_below(number(begin + number(begin + 12 + 2 * cell, 2), 4), found);
    leaves_below(number(begin + 8, 4), found);
  }
  [[nodiscard]] std::vector<std::size_t> leaves_of(const std::string& name) const {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(options_.path.c_str(), &handle), SQLITE_OK);
    int root = 0;
    const auto sql = "SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'";
    EXPECT_EQ(sqlite3_exec(
                  handle, sql.c_str(),
                  [](void* to, int, char** values, char**) {
                    *static_cast<int*>(to) = std::atoi(values[0]);
                    return 0;
                  },
                  &root, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
    std::vector<std::size_t> found;
    leaves_below(static_cast<std::size_t>(root), found);
    return found;
  }

  // Leaves so many entries of a page.
  void cut(std::size_t leaf, std::uint32_t entries) const {
    auto changed = bytes_;
    changed[leaf + 3] = static_cast<char>(entries >> 8);
    changed[leaf + 4] = static_cast<char>(entries & 0xFF);
    std::ofstream(options_.path, std::ios::binary | std::ios::trunc) << changed;
  }

  temporary_directory directory_;
  journal_options options_;
  std::string bytes_;
};

TEST_F(SqliteHiddenEvents, AStreamReadWhoseEndIsHiddenReportsIt) {
  int reported = 0;
  const auto leaves = leaves_of("events_by_version");
  ASSERT_GT(leaves.size(), 4U);
  for (const auto leaf : leaves) {
    const auto entries = number(leaf + 3, 2);
    for (std::uint32_t left = 1; left < entries; left += 17) {
      cut(leaf, left);
      try {
        const auto reader = open_journal_reader(options_);
        for (std::uint64_t s = 0; s < streams; ++s) {
          const auto name = "order-" + std::to_string(s);
          try {
            EXPECT_EQ(reader->read_stream(name, {0}).size(), events_a_stream) << name;
          } catch (const error& found) {
            EXPECT_EQ(found.code(), errc::journal_damaged);
            ++reported;
          }
        }
      } catch (const error& found) {
        EXPECT_EQ(found.code(), errc::journal_damaged); // when it was opened
      }
    }
  }
  EXPECT_GT(reported, 10);
}

TEST_F(SqliteHiddenEvents, AJournalReadThatMissesEventsReportsIt) {
  const auto leaves = leaves_of("events");
  ASSERT_GT(leaves.size(), 20U);
  for (std::size_t n = 0; n + 20 < leaves.size(); n += 7) {
    cut(leaves[n], number(leaves[n] + 3, 2) / 2);
    const auto reader = open_journal_reader(options_);
    const auto found = error_of([&] {
      for (position next{1}; next <= reader->head(); next.value += 10)
        EXPECT_EQ(reader->read_all(next, 10).size(), 10U);
    });
    EXPECT_EQ(found.code(), errc::journal_damaged);
  }
}

} // namespace

} // namespace journal_tests
