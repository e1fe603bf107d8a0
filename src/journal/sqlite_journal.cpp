#include "journal/sqlite_journal.hpp"

#include "journal/append_rules.hpp"
#include "journal/owner_lock.hpp"
#include "journal/sqlite_database.hpp"
#include "journal/sqlite_reader.hpp"
#include "journal/sqlite_schema.hpp"
#include "journal/sqlite_transaction.hpp"
#include "journal/sqlite_verify.hpp"

#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace ensemble::storage {

namespace {

// After so many times the frames between checkpoints, readers that never pause are waited for, so
// that the log can begin anew.
constexpr int most_checkpoints_in_vain = 16;

class sqlite_journal final : public journal {
public:
  sqlite_journal(const journal_options& options, sqlite_settings settings)
      : sqlite_journal(options, std::move(settings), canonical_journal_path(options.path)) {}

  ~sqlite_journal() override {
    // A failed sync is never repeated, so what comes after one writes nothing any more.
    bool done = false;
    if (!failed_ && !sync_failed_)
      try_to([&] { done = checkpoint(db_, database::checkpoint_mode::truncate); });
    if (!done) db_.close_without_checkpoint();
  }

  std::vector<append_result> commit(std::span<const append_request> requests,
                                    timestamp now) override {
    if (sync_failed_ && !failed_) fail("a sync failed");
    if (failed_) throw error(errc::journal_failed, failure_);
    check(requests);
    if (requests.empty()) return {};
    std::vector<append_result> results;
    if (!try_to([&] { results = write(requests, now); }))
      throw error(errc::journal_failed, failure_);
    return results;
  }

  void sync() override {
    if (!log_) return;
    const std::lock_guard one_at_a_time(sync_mutex_);
    try {
      // Even if this one went well: what failed before may have lost what lies in front of it.
      if (failed_ || sync_failed_) throw error(errc::journal_failed, "it failed before");
      log_->sync();
    } catch (const std::exception& cause) {
      sync_failed_ = true;
      throw error(errc::journal_failed,
                  "journal '" + path_.string() + "' failed: " + cause.what() +
                      "; it is unknown what of the newest commits is durable; restart to recover");
    }
  }

  std::unique_ptr<journal_reader> open_reader() override {
    return make_sqlite_reader(path_, types_);
  }

  [[nodiscard]] bool blocking() const noexcept override { return true; }

private:
  sqlite_journal(const journal_options& options, sqlite_settings settings,
                 const std::filesystem::path& path)
      : path_(path),
        types_(options.types),
        headroom_(options.headroom),
        settings_(std::move(settings)),
        lock_(path),
        db_(path.string(), database::access::create),
        ends_log_with_commit_(db_.ends_log_with_commit()),
        transaction_(prepared(db_, path.string(), fitting(options.durability))) {
    if (fitting(options.durability) == durability::speculative) log_.emplace(db_);
  }

  // Where a write may spoil its neighbours, only SQLite's own sync keeps a commit from those behind
  // it: then each is synced as it ends.
  [[nodiscard]] durability fitting(durability wanted) const noexcept {
    return wanted == durability::speculative && !ends_log_with_commit_ ? durability::durable
                                                                        : wanted;
  }

  static database& prepared(database& db, const std::string& path, durability wanted) {
    prepare_for_writing(db, path, wanted);
    db.count_log_frames();
    // What a killed owner left in the log was perhaps never synced: from here on it counts.
    checkpoint(db, database::checkpoint_mode::truncate);
    event_row_reader rows(db);
    verify_newest(db, rows, path);
    return db;
  }

  // Before anything is written: all that can be refused is.
  static void check(std::span<const append_request> requests) {
    for (const auto& request : requests) {
      check_request(request);
      for (const auto& part : request.streams)
        for (const auto& event : part.events) check_text(part.stream, event);
    }
  }

  static void check_text(const std::string& stream, const new_event& event) {
    try {
      (void)event.body.text();
    } catch (const error& cause) {
      throw error(errc::bad_argument, "append to stream '" + stream + "': message '" +
                                          std::string(event.body.name()) +
                                          "' has no text: " + cause.what());
    }
  }

  std::vector<append_result> write(std::span<const append_request> requests, timestamp now) {
    checkpoint_when_due();
    const bool scarce = headroom_ > 0 && settings_.free_space(path_) < headroom_;
    if (!scarce)
      if (auto results = write(requests, now, space::ample)) return *results;
    if (auto results = write(requests, now, space::scarce)) return *results;
    return write(requests, now, space::none).value();
  }

  // None: the disk is full, and nothing was written. A write of the log that finds no space is no
  // failure: the commit is the last thing that is written, so what stands there is not valid, and
  // the next transaction overwrites it. A sync never reports a full disk as such.
  std::optional<std::vector<append_result>> write(std::span<const append_request> requests,
                                                  timestamp now, space room) {
    transaction_.begin(now);
    bool decided = false;
    try {
      auto results = apply_requests(transaction_, requests, room);
      decided = true;
      transaction_.commit();
      return results;
    } catch (const error& refused) {
      const bool full = refused.code() == errc::journal_full && room != space::none &&
                        (!decided || ends_log_with_commit_);
      if (full || refused.code() == errc::bad_argument) transaction_.roll_back();
      if (!full) throw;
    }
    return std::nullopt;
  }

  // In front of a commit, not behind it: so a failure never hides a commit that went well.
  void checkpoint_when_due() {
    const int frames = db_.log_frames();
    if (frames < copied_frames_) copied_frames_ = 0; // the log began anew
    const int between = settings_.frames_between_checkpoints;
    if (frames < copied_frames_ + between) return;
    checkpoint(db_, frames < most_checkpoints_in_vain * between
                        ? database::checkpoint_mode::passive
                        : database::checkpoint_mode::restart);
    copied_frames_ = frames;
  }

  // False: the disk is full. The log has been synced then, and keeps what could not be copied.
  static bool checkpoint(database& db, database::checkpoint_mode mode) {
    try {
      db.checkpoint(mode);
    } catch (const error& cause) {
      if (cause.code() != errc::journal_full) throw;
      return false;
    }
    return true;
  }

  // The one place where storage failures end: nothing is written after the first. False: failed.
  // A refused argument is no failure; it passes through.
  template <class Step>
  bool try_to(Step step) {
    try {
      step();
      return true;
    } catch (const error& cause) {
      if (cause.code() == errc::bad_argument) throw;
      fail(cause.what());
    } catch (const std::exception& cause) {
      fail(cause.what());
    }
    return false;
  }

  void fail(const char* why) noexcept {
    failed_ = true;
    // It may be memory that lacks; then there is no text, and what the transaction holds is freed
    // with the connection.
    try {
      failure_ = "journal '" + path_.string() + "' failed: " + why +
                 "; it is unknown what the failed commit recorded; restart to recover";
      transaction_.roll_back();
    } catch (const std::exception&) {
    } // NOLINT(bugprone-empty-catch)
  }

  std::filesystem::path path_;
  type_lookup types_;
  std::uint64_t headroom_;
  sqlite_settings settings_;
  owner_lock lock_;
  database db_;
  bool ends_log_with_commit_;
  sqlite_transaction transaction_;
  std::mutex sync_mutex_;
  std::optional<log_descriptor> log_{}; ///< of speculative durability
  std::atomic<bool> sync_failed_ = false;
  std::atomic<bool> failed_ = false;
  std::string failure_; ///< why
  int copied_frames_ = 0;
};

} // namespace

std::uint64_t free_bytes(const std::filesystem::path& file) {
  std::error_code unknown; // then `available` is the highest number
  return std::filesystem::space(file, unknown).available;
}

std::unique_ptr<journal> make_sqlite_journal(const journal_options& options,
                                             sqlite_settings settings) {
  return std::make_unique<sqlite_journal>(options, std::move(settings));
}

} // namespace ensemble::storage
