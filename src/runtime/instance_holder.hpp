#pragma once

#include "model/executor.hpp"
#include "runtime/base_actor.hpp"
#include "runtime/gauge.hpp"
#include "runtime/holder_scope.hpp"
#include "runtime/journal_follower.hpp"
#include "runtime/open_instance_book.hpp"
#include "runtime/saga_body.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace ensemble::internal {

/// Follows the journal for the instances of some processes: begins their sagas, hands each its
/// events, puts them to sleep and wakes them. Of the processes that it keeps it also writes the
/// book, holds the credits, hands outside events to those that await them, and answers who waits
/// for an outcome. What a saga is, an actor or a part of this one, the two kinds of holder say:
/// process_manager and participant. After its death another one folds the same from the journal.
class instance_holder : public base_actor {
public:
  /// `recovered` is called once, when every open instance is known.
  instance_holder(caf::actor_config& config, environment_ptr env, holder_scope_ptr scope,
                  directory_ptr directory, caf::actor supervisor, std::function<void()> recovered);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

  /// Of an instance that is in memory, or on its way there.
  struct activity {
    caf::actor saga{};                     ///< conducted
    std::unique_ptr<saga_body> body{};     ///< danced
    std::vector<recorded_event> arrived{}; ///< while its events are being read
    position sent{};                       ///< the last of its events that the saga was sent
    position told{};                       ///< and the last that it has told of
    bool died = false;                     ///< the saga before it: its commands may be under way
    [[nodiscard]] bool at_work() const noexcept { return saga || body; }
  };
  /// An open instance. There may be a million asleep, so it is small.
  struct running {
    const followed_definition* followed{}; ///< null: not run here
    std::unique_ptr<activity> active{};
    std::optional<timestamp> wake{};
    bool has_credit = false;
    bool stuck = false;
    bool asleep = false;    ///< no command is outstanding, in memory or not
    bool recovered = false; ///< what was given before its next fold may be under way
    bool resumes = false; ///< open before the start, and to be folded without waiting for an event
    std::uint8_t broken_folds = 0; ///< in a row, of one that another holder keeps

    [[nodiscard]] bool at_work() const noexcept { return active && active->at_work(); }
  };

  /// The saga begins its work. It reports by saga_report, and gives back outside events by
  /// returned_event, both sent to this actor.
  virtual void begin_work(instance_id id, running& r, saga_start start) = 0;
  // To a saga at work:
  virtual void give_events(running& r, saga_events events) = 0;
  virtual void wake(running& r) = 0;
  virtual void offer(running& r, offered_event event) = 0;
  /// Ends it, without a word.
  virtual void end_work(running& r) = 0;
  /// To all that are at work.
  virtual void tell_all(const directory_changed& change) = 0;
  /// Everything that was due at this actor's start has been given again; called once.
  virtual void resumed() {}

  [[nodiscard]] const holder_scope_ptr& scope() const noexcept { return scope_; }
  [[nodiscard]] std::unordered_map<instance_id, running>& instances() noexcept {
    return instances_;
  }
  void load(instance_id id, running& r);

private:
  static constexpr auto tick_every = std::chrono::milliseconds(20);
  static constexpr std::uint64_t catch_up_tag = 1;
  static constexpr std::uint64_t book_tag = 2;

  struct waiter {
    std::uint64_t number = 0;
    timestamp deadline{};
    decltype(await_outcome::callback) callback{};
  };
  /// An instance to wake (number 0), or a waiter whose time is over.
  struct timer {
    timestamp at{};
    instance_id id{};
    std::uint64_t number = 0;
    friend auto operator<=>(const timer&, const timer&) = default;
  };

  // Following the journal (instance_holder.cpp).
  void catch_up();
  void append_answered(const append_answer& answer);
  void rows_read(const open_instances_page& page);
  void found_open(const open_instances_tail& tail);
  void route(const batch_ptr& batch);
  void look_outside(const recorded_event& e);
  void page_read(const journal_page& page);
  void ask_reader(read_request request);

  // Instances (instance_holder_instances.cpp).
  /// An instance that was open before the start. Null: its version is not run here.
  running* add_open(instance_id id, const std::string& process, int version);
  void add_row(instance_id id, const open_instance& row);
  void begin(const followed_definition& followed, const batch_ptr& batch, std::uint32_t at);
  void spawn_saga(instance_id id, running& r, saga_events events, bool recovered, bool returns);
  void read_instance(instance_id id);
  void loaded(instance_id id, const std::vector<recorded_event>& events);
  void reported(const saga_report& report);
  void ended(const saga_report& report);
  void settle(const saga_report& report, running& r);
  void passivate(instance_id id, running& r);
  void fold_again_later(instance_id id, running& r, const std::string& why);
  void let_go(instance_id id);
  [[nodiscard]] bool keeps(const running& r) const { return !r.followed || r.followed->keeps; }
  void row_changed(instance_id id, const running& r);
  void credit(running& r, bool wanted);
  /// Whether that is a change.
  bool set_asleep(running& r, bool asleep);
  void set_stuck(instance_id id, running& r, const std::string& reason);
  void hand_over(const std::vector<outside_events::handed>& handed);
  [[nodiscard]] open_instance row_of(instance_id id) const;
  [[nodiscard]] outcome stuck_outcome(instance_id id) const;
  /// False also if events are in hand behind which it may not be stuck any more.
  [[nodiscard]] static bool is_known_stuck(const running& r);

  // Waiting callers, and time (instance_holder_time.cpp).
  void await(const await_outcome& what);
  void answer(instance_id id, const outcome& result);
  void tell(std::shared_ptr<exactly_once<const outcome&>> callback, const outcome& result);
  void wake_at(instance_id id, running& r, std::optional<timestamp> at);
  void tick();
  void fire(timer due);
  void resume_some();
  void write_book();
  void send_book();
  void count_outside_events();

  const holder_scope_ptr scope_;
  std::function<void()> recovered_;
  std::multimap<std::string_view, const followed_definition*> by_start_{};

  bool catching_up_ = false; ///< with what a predecessor gave the writer
  bool live_ = false;        ///< every open instance is known
  position recovered_to_{};
  journal_follower follower_;
  std::uint64_t next_tag_ = 1;
  std::unordered_map<std::uint64_t, read_request> reads_{};

  std::unordered_map<instance_id, running> instances_{};
  std::unordered_map<instance_id, std::string> stuck_{}; ///< why
  /// Of those without a definition: process and version.
  std::unordered_map<instance_id, std::pair<std::string, int>> not_run_{};
  /// What an instance that is asleep awaits, and what it had folded: for its row.
  struct sleep {
    position folded{};
    std::vector<awaited_key> awaits{};
  };
  std::unordered_map<instance_id, sleep> falling_asleep_{}; ///< until their rows are written
  outside_events outside_;
  /// What this one adds to the runtime's counters.
  struct gauges {
    explicit gauges(counters& all)
        : open(all.instances_open),
          stuck(all.instances_stuck),
          asleep(all.instances_asleep),
          outside_kept(all.outside_events_kept),
          outside_parked(all.outside_events_parked) {}
    gauge open, stuck, asleep, outside_kept, outside_parked;
  };
  gauges gauges_;
  std::deque<instance_id> to_resume_{};
  double resume_allowance_ = 0;
  std::size_t to_give_again_ = 0; ///< instances that are open since before the start, and awake
  std::unordered_multimap<instance_id, waiter> waiting_{};
  std::uint64_t next_waiter_ = 1;
  std::set<timer> timers_{};
  timestamp last_book_{};
  open_instance_book book_;
  /// The book's changes that the writer was given, until they are durable.
  std::optional<append_request> unconfirmed_{};
  bool book_refused_ = false; ///< for want of space
};

} // namespace ensemble::internal
