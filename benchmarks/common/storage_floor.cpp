#include "common/storage_floor.hpp"

#include "common/scratch_journal.hpp"
#include "journal/sqlite_database.hpp"

#include <ensemble/journal.hpp>

#include <array>
#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace storage_floor {

namespace {

using namespace ensemble;
using clock_type = std::chrono::steady_clock;

/// Calls `batch` until the time is over; only what it does is timed. Events a second.
template <class Batch>
double measure(std::size_t size, double seconds, Batch batch) {
  std::uint64_t events = 0;
  const auto start = clock_type::now();
  std::chrono::duration<double> taken{};
  while (taken.count() < seconds) {
    batch();
    events += size;
    taken = clock_type::now() - start;
  }
  return static_cast<double>(events) / taken.count();
}

/// The rows of orders that go through their five steps, as the engine writes them.
class row_writer {
public:
  explicit row_writer(storage::database& db)
      : stream_(db.prepare("INSERT INTO streams(number, name) VALUES(?1, ?2)")),
        event_(db.prepare("INSERT INTO events VALUES"
                          "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)")) {}

  /// One step of `orders` orders, which began with number `first`.
  void step(std::uint64_t first, std::size_t orders, std::size_t step) {
    for (std::uint64_t n = first; n < first + orders; ++n) {
      const auto instance = instance_id::of(n * 5, n);
      std::int64_t number = 64 + static_cast<std::int64_t>(n * 3);
      std::int64_t version = 0;
      if (step == 2) {
        number = static_cast<std::int64_t>(n % 64);
        version = static_cast<std::int64_t>(n / 64);
      } else if (step == 4) {
        version = 1;
      } else {
        number += static_cast<std::int64_t>(step == 3 ? 2 : step);
        stream_.bind(1, number).bind(2, names_[step] + std::to_string(10'000'000 + n)).run();
      }
      insert(instance, number, version, step);
    }
  }

private:
  void insert(instance_id instance, std::int64_t stream, std::int64_t version, std::size_t step) {
    ++position_;
    const auto id = event_id::of(instance.head() ^ (step << 56U), instance.tail());
    const auto correlation = correlation_id::of(instance.head(), ~instance.tail());
    event_.bind(1, position_).bind(2, stream).bind(3, version).bind(4, id);
    event_.bind(5, std::int64_t{0}).bind(6, std::int64_t{1});
    event_.bind(7, static_cast<std::int64_t>(step)).bind(8, std::int64_t{1});
    event_.bind(9, 1'700'000'000'000'000'000 + position_).bind(10, correlation);
    if (step == 0)
      event_.bind_null(11).bind_null(12).bind_null(13);
    else
      event_.bind(11, id).bind(12, instance).bind(13, static_cast<std::int64_t>(step));
    event_.bind(14, std::int64_t{0}).bind(15, std::int64_t{0}).bind(16, body_);
    event_.bind(17, position_ & 0xFFFFFFFF).run();
  }

  storage::statement stream_;
  storage::statement event_;
  std::int64_t position_ = 0;
  std::array<std::string, 4> names_{"order-", "payment-", "", "shipping-"};
  // As long as those of the reference order are on average.
  std::string_view body_ = R"({"order":"order-10004711","item":"item-42"})";
};

} // namespace

double bare_inserts(const std::filesystem::path& directory, std::size_t batch, bool synced,
                    double seconds) {
  const scratch_journal file(directory, "floor");
  {
    journal_options make;
    make.path = file.path();
    (void)open_journal(make); // for its schema
  }
  storage::database db(file.path(), storage::database::access::create);
  db.execute("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -16384;"
             "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096;");
  db.execute(synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  row_writer rows(db);
  auto begin = db.prepare("BEGIN IMMEDIATE");
  auto commit = db.prepare("COMMIT");
  std::uint64_t first = 1;
  std::size_t step = 0;
  return measure(batch, seconds, [&] {
    begin.run();
    rows.step(first, batch, step);
    commit.run();
    if (++step < 5) return;
    step = 0;
    first += batch;
  });
}

double raw_rows(const std::filesystem::path& directory, std::size_t batch, double seconds) {
  const scratch_journal file(directory, "floor");
  storage::database db(file.path(), storage::database::access::create);
  db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "CREATE TABLE rows(number INTEGER PRIMARY KEY, body BLOB)");
  auto begin = db.prepare("BEGIN IMMEDIATE");
  auto commit = db.prepare("COMMIT");
  auto insert = db.prepare("INSERT INTO rows VALUES(?1, ?2)");
  const std::string row(256, 'x');
  std::int64_t number = 0;
  return measure(batch, seconds, [&] {
    begin.run();
    for (std::size_t n = 0; n < batch; ++n) insert.bind(1, ++number).bind_bytes(2, row).run();
    commit.run();
  });
}

double plain_file(const std::filesystem::path& directory, std::size_t batch, double seconds) {
  const auto path = directory / "ensemble-floor.log";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) throw std::runtime_error("cannot write in " + directory.string());
  const std::string rows(batch * 256, 'x');
  const double rate = measure(batch, seconds, [&] {
    if (::write(file, rows.data(), rows.size()) != static_cast<ssize_t>(rows.size()) ||
        ::fdatasync(file) != 0)
      throw std::runtime_error("cannot sync in " + directory.string());
  });
  ::close(file);
  std::filesystem::remove(path);
  return rate;
}

} // namespace storage_floor
