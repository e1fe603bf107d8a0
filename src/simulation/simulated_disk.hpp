#pragma once

#include <ensemble/journal.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace ensemble::simulation {

/// What a disk does with a commit.
enum class commit_fate {
  recorded,
  scarce,         ///< it is full, for what is not essential
  no_space,       ///< it is full
  cut_before,     ///< the power is cut before the sync
  cut_after,      ///< and after it, before anybody is told
  fails,          ///< an error, and nothing is recorded
  fails_recorded, ///< an error, though all of it is recorded
};

/// And with a sync that is a step of its own.
enum class sync_fate {
  synced,
  cut_before, ///< the power is cut before it
  cut_after,  ///< and after it, before anybody is told
  fails,      ///< an error, and it is unknown what is synced
};

/// A disk that holds one journal, and outlives the programs that use it. A commit is written, then
/// synced. When the power is cut, commits that are not synced are lost from anywhere on: one that
/// is torn is found by its checksum and dropped with all behind it, as SQLite's log does. (How
/// SQLite itself bears a disk that loses, tears and reorders sectors is tried below it:
/// docs/torture.md.)
class simulated_disk {
public:
  /// Asked at every commit of a journal that is open.
  using decide_fate = std::function<commit_fate(std::span<const append_request>)>;
  /// Asked at every sync that a program under speculative durability makes.
  using decide_sync = std::function<sync_fate()>;

  /// Opens the journal: what is on the disk is read back from its text. One at a time. Without
  /// `sync` all of them go well.
  [[nodiscard]] std::unique_ptr<journal> open(const journal_options& options, decide_fate fate,
                                              decide_sync sync = {});
  /// From now on the journal that is open can record nothing.
  void pull_plug() noexcept { plugged_ = false; }
  /// What is left when the power comes back; `keep` says how many of the commits that were not
  /// synced are.
  void recover(const std::function<std::size_t(std::size_t unsynced)>& keep);

  [[nodiscard]] std::size_t commits() const noexcept { return log_.size(); }

private:
  friend class simulated_journal;
  struct commit_record {
    std::vector<append_request> requests{};
    timestamp time{};
    bool synced = false;
  };
  std::vector<commit_record> log_;
  bool plugged_ = false;
};

} // namespace ensemble::simulation
