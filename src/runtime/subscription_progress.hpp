#pragma once

#include "runtime/exactly_once.hpp"

#include <ensemble/event.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/subscription.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ensemble::internal {

using redrive_callback = exactly_once<const redrive_report*, const error*>;

/// What is common to subscriptions and policies: who they are, and their bounds.
struct subscription_settings {
  std::string name{};
  order_key ordered_by = order_key::stream;
  std::size_t workers = 1;
  std::size_t window = 1'000;
  std::size_t parks_at_most = 100'000;
  duration checkpoint_every = std::chrono::seconds(1);
  retry_policy retries{};
};

/// One event to be handled now.
struct assignment {
  ensemble::position position{};
  std::string order_key{};
  int attempt = 1;
  /// None: it was parked, and must be read from the journal.
  std::shared_ptr<const recorded_event> event{};
};

/// How far a subscription is: which events are in hand, at work, delayed, parked, and what of it
/// must be recorded. Pure: whoever holds it reads the journal, runs the handlers and writes the
/// book.
class subscription_progress {
public:
  explicit subscription_progress(subscription_settings settings) : settings_(std::move(settings)) {}

  // What the book held, at the beginning:
  void restore(position checkpoint);
  void restore(const parked_event& row);

  /// Whether the next event may be taken.
  [[nodiscard]] bool has_room() const noexcept {
    return open_.size() < settings_.window && (!full() || !taken_again());
  }
  /// So many are parked that nothing more is taken.
  [[nodiscard]] bool full() const noexcept { return parked_.size() >= settings_.parks_at_most; }
  /// The next event that concerns the subscription, in journal order.
  void take(const recorded_event& event, timestamp now);
  /// Everything up to here was looked at, and taken where it concerns the subscription.
  void looked_at(position to);

  /// What to begin with now, if anything; then its end must be told, by one of the next two.
  [[nodiscard]] std::optional<assignment> next(timestamp now);
  void handled(position at);
  /// `event`: the one that was at work.
  void failed(const recorded_event& event, const std::string& cause, timestamp now);
  /// When a delay is over, if one is running.
  [[nodiscard]] std::optional<timestamp> wake() const;

  /// Hands parked events to the handler again, each with all attempts of the policy: those of the
  /// order key that the event at `of` is parked under, or all. The callback is told once what came
  /// of it is recorded. Waits until what stands before the last row that was restored has been
  /// taken again: an event of the same key that was handled before a crash may come once more.
  void redrive(position of, const std::shared_ptr<redrive_callback>& callback);

  /// Whoever waits for a redrive is told that its outcome is not known.
  void drop_redrives();

  /// Something was parked or handled again, which should be recorded soon.
  [[nodiscard]] bool wants_write() const noexcept { return !changes_.empty() || !ended_.empty(); }
  /// What is to be recorded, in one step; empty if nothing has changed. The next only after
  /// `written`.
  [[nodiscard]] std::vector<book_change> changes();
  void written();

  /// Everything that concerns the subscription up to here is handled, or durably parked.
  [[nodiscard]] position done() const noexcept;
  [[nodiscard]] position checkpoint() const noexcept { return checkpoint_; }
  [[nodiscard]] std::size_t parked() const noexcept { return parked_.size(); }
  [[nodiscard]] std::size_t in_hand() const noexcept { return open_.size(); }
  [[nodiscard]] std::uint64_t handled_count() const noexcept { return handled_; }
  [[nodiscard]] std::uint64_t retried_count() const noexcept { return retried_; }

private:
  /// What somebody asked to be redriven.
  struct redrive_run {
    std::size_t open_lines = 0;
    redrive_report report{};
    std::shared_ptr<redrive_callback> callback{};
  };
  /// The events of one order key: in front of all others the parked ones.
  struct line {
    std::string key{};
    std::set<position> parked{};
    std::deque<position> waiting{}; ///< taken; the first may be at work
    bool at_work = false;
    bool queued = false;    ///< among those that are ready or delayed
    bool redriving = false; ///< its parked ones are handed over again
    int failed_again = 0;   ///< attempts at the first parked one in this redrive
    std::vector<std::shared_ptr<redrive_run>> runs{};
  };
  /// An event that was taken, and is not done.
  struct open_event {
    std::shared_ptr<const recorded_event> event{};
    int failed_attempts = 0;
    bool parked = false; ///< and its row is not durable yet
  };
  struct parked_entry {
    line* of{};
    int attempts = 0;
  };

  [[nodiscard]] bool taken_again() const noexcept { return seen_ >= restored_to_; }
  line& line_of(const std::string& key);
  [[nodiscard]] static bool parked_first(const line& of);
  void queue(line& of);
  void park(line& in, const recorded_event& event, int attempts, const std::string& cause,
            timestamp now);
  void park_behind(line& in, timestamp now);
  void delay(line& of, const recorded_event& event, int failed_attempts, timestamp now);
  void end_redrive(line& in);

  subscription_settings settings_;
  position seen_{};
  position restored_to_{};
  position checkpoint_{};
  std::map<position, open_event> open_{};
  std::unordered_map<std::string, line> lines_{};
  std::map<position, parked_entry> parked_{};
  std::unordered_map<std::uint64_t, line*> running_{}; ///< by position
  std::deque<line*> ready_{};
  std::multimap<timestamp, line*> delayed_{};
  std::map<position, std::optional<parked_event>> changes_{}; ///< rows to write or to delete
  std::vector<std::pair<position, std::shared_ptr<redrive_callback>>> early_redrives_{};
  std::vector<std::shared_ptr<redrive_run>> ended_{};
  // What is being written:
  position checkpoint_in_flight_{};
  std::vector<position> rows_in_flight_{};
  std::vector<std::shared_ptr<redrive_run>> ended_in_flight_{};
  std::uint64_t handled_ = 0;
  std::uint64_t retried_ = 0;
};

/// The order key of an event: its stream's name, or its flow. (An event outside any flow has only
/// its stream.)
[[nodiscard]] std::string order_key_of(const recorded_event& event, order_key by);

} // namespace ensemble::internal
