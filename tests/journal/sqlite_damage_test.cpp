// Flipped, cut and mixed up bytes: the right events or an error, never wrong ones.

#include "journal/event_checksum.hpp"
#include "journal/support.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <array>
#include <fstream>
#include <iterator>
#include <random>

namespace journal_tests {

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string marker(std::uint64_t n) { return "marker-" + std::to_string(1'000'000 + n); }

class SqliteDamage : public testing::Test {
protected:
  journal_options options() const {
    journal_options made;
    made.path = directory_.file();
    return made;
  }

  // Events 1..count in batches of ten, over a few streams.
  void fill(journal& to, std::uint64_t count) {
    std::vector<append_request> batch;
    for (std::uint64_t n = 1; n <= count; ++n) {
      auto made = event(n, "{\"text\":\"" + marker(n) + "\"}");
      made.origin.instance = instance_id::of(n % 17 + 1, 3);
      made.origin.step = "step_" + std::to_string(n % 3);
      batch.push_back(append("order-" + std::to_string(n % 40), made));
      batch.back().books.push_back({"open", std::to_string(n % 50), marker(n)});
      if (batch.size() < 10 && n < count) continue;
      to.commit(batch, at(static_cast<std::int64_t>(n)));
      batch.clear();
    }
  }
  void make(std::uint64_t count) { fill(*open_journal(options()), count); }

  void run_sql(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.file().c_str(), &handle), SQLITE_OK);
    char* why = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
    sqlite3_close(handle);
  }

  // All that the journal holds, as one text; an error's code in brackets where one is thrown, and
  // `doubted` set.
  std::string dump(bool& doubted) const {
    std::string all;
    try {
      const auto reader = open_journal_reader(options());
      doubted = !faults(*reader).empty();
      for (position next{1};;) {
        const auto page = reader->read_all(next);
        if (page.empty()) break;
        for (const auto& e : page)
          all += std::to_string(e.position.value) + e.stream + std::to_string(e.version.value) +
                 to_string(e.id) + to_string(e.origin.instance) + e.origin.step + e.body.text();
        next.value += page.size();
      }
      for (const auto& [key, value] : reader->read_book("open")) all += key + value;
    } catch (const error& found) {
      doubted = true;
      all += '[' + std::string(to_string(found.code())) + ']';
      EXPECT_THAT((std::array{errc::journal_damaged, errc::journal_foreign, errc::journal_failed}),
                  Contains(found.code()))
          << found.what();
    }
    return all;
  }

  temporary_directory directory_;
};

TEST_F(SqliteDamage, AFlippedBitInABodyIsReportedWithItsEvent) {
  make(3000);
  auto bytes = read_file(directory_.file());
  bytes[bytes.find(marker(1234)) + 3] ^= 1;
  write_file(directory_.file(), bytes);
  const auto reader = open_journal_reader(options());
  const auto named = "event 1234 (version 30 of stream 'order-34')";
  const auto check = [&](const auto& read) {
    const auto found = error_of(read);
    EXPECT_EQ(found.code(), errc::journal_damaged);
    EXPECT_THAT(found.what(), HasSubstr(named));
  };
  check([&] { reader->read_all({1}, 2000); });
  check([&] { reader->read_stream("order-34", {30}, 1); });
  check([&] { reader->find("order-34", id(1234)); });
  check([&] { reader->read_correlation(correlation_id::of(1234, 7), {0}); });
  check([&] { reader->read_instance(instance_id::of(1234 % 17 + 1, 3), {1233}); });
  EXPECT_EQ(reader->read_all({1235}, 2000).size(), 1766U);
  EXPECT_THAT(faults(*reader), testing::ElementsAre(HasSubstr(named)));
}

TEST_F(SqliteDamage, TheNewestEventsAreVerifiedWhenTheJournalIsOpened) {
  make(3000);
  auto bytes = read_file(directory_.file());
  bytes[bytes.find(marker(2500))] ^= 4;
  write_file(directory_.file(), bytes);
  for (int i = 0; i < 2; ++i) {
    const auto found = error_of([&] { (void)open_journal(options()); });
    EXPECT_EQ(found.code(), errc::journal_damaged);
    EXPECT_THAT(found.what(), HasSubstr("event 2500 (version 62 of stream 'order-20')"));
  }
}

TEST_F(SqliteDamage, RowsThatWereRemovedOrMovedAreNoticed) {
  make(3000);
  run_sql("DELETE FROM events WHERE position = 500");
  const auto reader = open_journal_reader(options());
  EXPECT_THAT(error_of([&] { reader->read_all({1}); }).what(), HasSubstr("event 500 is missing"));
  EXPECT_EQ(error_of([&] { reader->read_stream("order-20", {0}); }).code(), errc::journal_damaged);
  EXPECT_THAT(faults(*reader), testing::ElementsAre(HasSubstr("event 500 is missing"),
                                                    HasSubstr("'order-20' has version 13")));
}

TEST_F(SqliteDamage, AChangedNameIsNoticedInEachEventThatBearsIt) {
  make(3000);
  run_sql("UPDATE steps SET name = 'step_9' WHERE name = 'step_1'");
  EXPECT_EQ(error_of([&] { (void)open_journal_reader(options()); }).code(), errc::journal_damaged);
}

TEST_F(SqliteDamage, AChangedBookIsNoticed) {
  make(30);
  run_sql("UPDATE books SET value = CAST('other' AS BLOB) WHERE key = CAST('7' AS BLOB)");
  const auto reader = open_journal_reader(options());
  const auto found = error_of([&] { reader->read_book("open"); });
  EXPECT_EQ(found.code(), errc::journal_damaged);
  EXPECT_THAT(found.what(), HasSubstr("'open'"));
  EXPECT_THAT(faults(*reader), testing::ElementsAre(HasSubstr("book 'open'")));
}

// Checksums say nothing about order: rows are swapped with all that the checksums cover.
TEST_F(SqliteDamage, AFallingTimeIsReported) {
  storage::event_view changed;
  make(20);
  const auto event = open_journal_reader(options())->read_all({9}, 1).at(0);
  changed.position = 9;
  changed.version = event.version.value;
  changed.time = 99;
  changed.schema_version = 1;
  changed.id = event.id;
  changed.correlation = event.origin.correlation;
  changed.instance = event.origin.instance;
  changed.stream = event.stream;
  changed.name = event.body.name();
  changed.step = event.origin.step;
  changed.body = event.body.text();
  run_sql("UPDATE events SET time = 99, crc = " + std::to_string(checksum(changed)) +
          " WHERE position = 9");
  const auto found = error_of([&] { (void)open_journal_reader(options()); });
  EXPECT_EQ(found.code(), errc::journal_damaged);
  EXPECT_THAT(found.what(), HasSubstr("event 10"));
  EXPECT_THAT(found.what(), HasSubstr("before its predecessor"));
}

TEST_F(SqliteDamage, AnyFlippedByteIsFoundOrDoesNotMatter) {
  make(600);
  bool doubted = false;
  const auto right = dump(doubted);
  ASSERT_FALSE(doubted);
  const auto bytes = read_file(directory_.file());
  std::mt19937 random(3);
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    auto flipped = bytes;
    // The first page, with the header and the tables' names, more often than its share.
    const auto span = round % 4 == 0 ? std::size_t{4096} : bytes.size();
    const auto place = random() % span;
    flipped[place] = static_cast<char>(flipped[place] ^ (1 << random() % 8));
    write_file(directory_.file(), flipped);
    const auto read = dump(doubted);
    if (doubted)
      ++found;
    else
      EXPECT_EQ(read, right) << "byte " << place;
  }
  EXPECT_GT(found, 100);
}

TEST_F(SqliteDamage, ATruncatedFileIsFound) {
  make(600);
  const auto bytes = read_file(directory_.file());
  std::mt19937 random(4);
  for (int round = 0; round < 30; ++round) {
    write_file(directory_.file(), bytes.substr(0, 1 + random() % (bytes.size() - 1)));
    bool doubted = false;
    dump(doubted);
    EXPECT_TRUE(doubted);
  }
}

TEST_F(SqliteDamage, ATruncatedLogGivesWholeCommitsUpToSomewhere) {
  const temporary_directory copies;
  std::string file;
  std::string log;
  {
    const auto own = open_journal(options());
    fill(*own, 400);
    file = read_file(directory_.file());
    log = read_file(directory_.file("journal.db-wal"));
  }
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    journal_options copy;
    copy.path = copies.file(std::to_string(round));
    write_file(copy.path, file);
    write_file(copy.path + "-wal", log.substr(0, random() % log.size()));
    const auto own = open_journal(copy);
    const auto reader = own->open_reader();
    EXPECT_EQ(reader->head().value % 10, 0U);
    EXPECT_THAT(faults(*reader), IsEmpty());
    EXPECT_EQ(commit_one(*own, append("a-1", event(9999))).state, status::appended);
  }
}

TEST_F(SqliteDamage, ACommandWhoseEndIsCutOffIsReported) {
  make(20);
  commit_one(*open_journal(options()), append("order-1", run(100, 3)));
  run_sql("DELETE FROM events WHERE position = 23");
  const auto found = error_of([&] { (void)open_journal_reader(options()); });
  EXPECT_EQ(found.code(), errc::journal_damaged);
  EXPECT_THAT(found.what(), HasSubstr("the last command are cut off at event 22"));
}

TEST_F(SqliteDamage, AnIdThatIsNoneIsReportedWithItsEvent) {
  for (const char* column : {"id", "correlation", "causation", "instance"}) {
    make(20);
    run_sql(std::string("UPDATE events SET ") + column + " = x'00' WHERE position = 7");
    const auto found = error_of([&] { (void)open_journal_reader(options()); });
    EXPECT_EQ(found.code(), errc::journal_damaged) << column;
    EXPECT_THAT(found.what(), HasSubstr("event 7 ")) << column;
    EXPECT_THAT(found.what(), HasSubstr("fails its checksum")) << column;
    std::filesystem::remove(directory_.file());
  }
}

TEST_F(SqliteDamage, AHeaderThatIsCutShortIsDamageNotAnothersFile) {
  make(20);
  write_file(directory_.file(), read_file(directory_.file()).substr(0, 60));
  const auto found = error_of([&] { (void)open_journal(options()); });
  EXPECT_EQ(found.code(), errc::journal_damaged);
  EXPECT_THAT(found.what(), HasSubstr("header"));
}

TEST_F(SqliteDamage, AHeaderWhoseBeginningIsLostIsKnownByItsMark) {
  make(20);
  auto bytes = read_file(directory_.file());
  bytes[0] = '?';
  write_file(directory_.file(), bytes);
  const auto found = error_of([&] { (void)open_journal(options()); });
  EXPECT_EQ(found.code(), errc::journal_damaged);
  EXPECT_THAT(found.what(), HasSubstr("header"));
}

} // namespace

} // namespace journal_tests
