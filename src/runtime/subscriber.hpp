#pragma once

#include "runtime/base_actor.hpp"
#include "runtime/journal_follower.hpp"
#include "runtime/subscription_progress.hpp"
#include "runtime/subscriptions.hpp"

#include <caf/message_handler.hpp>

#include <unordered_map>

namespace ensemble::internal {

/// The end of one assignment, from a thread of handlers.
struct handler_done {
  ensemble::position position{};
  std::optional<std::string> failure{};
};
/// Runtime to subscriber.
struct redrive_parked {
  position of{};
  std::shared_ptr<redrive_callback> callback{};
};
/// House to subscriber: the runtime ends. Nothing more is begun, and nothing counts as failed.
struct subscriber_stopping {};

/// Follows the journal for one subscription or policy, and keeps its book. All that it must not
/// lose is in the journal: its successor goes on from the checkpoint.
class subscriber : public base_actor {
public:
  subscriber(caf::actor_config& config, environment_ptr env, directory_ptr directory,
             std::shared_ptr<subscription_state> state);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

  [[nodiscard]] virtual bool concerns(std::string_view event) const = 0;
  /// Begins with it; then `ended`, now or later.
  virtual void work_on(const assignment& work) = 0;
  /// Its own messages.
  virtual caf::message_handler further_handlers() { return {}; }
  /// A tick has passed; whether another is needed.
  virtual bool tick(timestamp /*now*/) { return false; }
  virtual void role_restarted(const std::string& /*role*/) {}

  void ended(position at, const std::optional<std::string>& failure);
  /// Takes, begins and records what there is to. After every message.
  void advance();
  /// Whether a predecessor may have worked on that event.
  [[nodiscard]] bool may_be_known(position at) const noexcept {
    return !first_heard_ || at < *first_heard_;
  }
  void need_tick();

private:
  static constexpr std::uint64_t catch_up_tag = 1;

  void catch_up();
  void append_answered(const append_answer& answer);
  void read_rows();
  void rows_read(const book_page& page);
  void heard(const committed& m);
  void page_read(const journal_page& page);
  void read_parked(std::uint64_t tag);
  void take(const batch_ptr& batch);
  void take_on();
  void begin(assignment work);
  void write();
  void send_book();
  void last_words();
  void directory_replaced(const directory_changed& change);
  void tell_state();

  std::shared_ptr<subscription_state> state_;
  subscription_progress progress_;
  journal_follower follower_;
  bool following_ = false; ///< the book was read
  bool stopping_ = false;
  std::optional<position> first_heard_{}; ///< where the first batch from the bus began
  std::uint64_t rows_tag_ = 0;            ///< 0: what a predecessor wrote may not stand there yet
  std::string rows_after_{};              ///< the last row that was read
  position checkpoint_read_{};
  std::vector<redrive_parked> early_redrives_{}; ///< until then
  batch_ptr pending_{};                          ///< not all of it was taken
  std::size_t pending_at_ = 0;
  bool paused_ = false;
  bool told_full_ = false;
  std::unordered_map<std::uint64_t, std::shared_ptr<const recorded_event>> at_work_{};
  std::unordered_map<std::uint64_t, assignment> reads_{}; ///< of parked events
  std::uint64_t next_tag_ = 16;
  std::vector<book_change> unconfirmed_{}; ///< given to the writer
  std::uint64_t unconfirmed_tag_ = 0;
  bool refused_ = false; ///< for want of space
  timestamp last_write_{};
  bool tick_scheduled_ = false;
  std::uint64_t told_handled_ = 0;
  std::uint64_t told_retried_ = 0;
};

} // namespace ensemble::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::handler_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::redrive_parked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::subscriber_stopping)
