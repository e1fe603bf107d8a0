#pragma once

#include "model/executor.hpp"
#include "runtime/base_actor.hpp"
#include "runtime/open_instance_book.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace ensemble::internal {

/// The conductor: hands every committed event to the saga of its instance, begins sagas and lets
/// them go, wakes them at their deadlines, and answers who waits for their outcome. It writes
/// nothing that matters: after its death another one folds the same from the journal.
class process_manager final : public base_actor {
public:
  /// `recovered` is called once, when every open instance is known.
  process_manager(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                  caf::actor supervisor, std::function<void()> recovered);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct running {
    enum class phase {
      sleeping, ///< open, but not in memory
      loading,  ///< its events are being read
      awake,
    };
    phase at = phase::sleeping;
    std::shared_ptr<const process_definition> definition{};
    caf::actor saga{};
    std::vector<recorded_event> arrived{}; ///< while it was loading
    bool has_credit = false;
    bool stuck = false;
    std::optional<timestamp> wake{};
    outcome latest{};
  };
  struct waiter {
    std::uint64_t number = 0;
    timestamp deadline{};
    decltype(await_outcome::callback) callback{};
  };
  /// A saga to wake (number 0), or a waiter whose time is over.
  struct timer {
    timestamp at{};
    instance_id id{};
    std::uint64_t number = 0;
    friend auto operator<=>(const timer&, const timer&) = default;
  };

  // Following the journal.
  void follow(const std::shared_ptr<const committed_batch>& batch);
  void route(const std::shared_ptr<const committed_batch>& batch);
  void read_on();
  void live();
  void found_open(const open_instances& found);
  void page_read(const journal_page& page);

  // Instances.
  void begin(const std::shared_ptr<const process_definition>& definition,
             const std::shared_ptr<const committed_batch>& batch, std::uint32_t at);
  void wake(instance_id id, running& r, saga_events begin, bool recovered);
  void load(instance_id id, running& r);
  void read_instance(instance_id id);
  void loaded(instance_id id, const std::vector<recorded_event>& events);
  void reported(const saga_report& report);
  void died(const caf::down_msg& message);
  void let_go(instance_id id);
  void credit(running& r, bool wanted);

  // Waiting callers, and time.
  void await(const await_outcome& what);
  void answer(instance_id id, const outcome& result);
  void wake_at(instance_id id, running& r, std::optional<timestamp> at);
  void tick();
  void fire(timer due);
  void resume_some();
  void write_book();
  void send_book();

  void ask_reader(read_request request);
  [[nodiscard]] std::shared_ptr<const process_definition> definition(std::string_view name) const;

  std::function<void()> recovered_;
  std::shared_ptr<const executor_role> role_;
  std::multimap<std::string, std::shared_ptr<const process_definition>, std::less<>> by_start_{};

  bool live_ = false;
  position seen_{};
  std::deque<std::shared_ptr<const committed_batch>> backlog_{};
  std::uint64_t next_tag_ = 1;
  std::unordered_map<std::uint64_t, read_request> reads_{};

  std::unordered_map<instance_id, running> instances_{};
  std::unordered_map<caf::actor_id, instance_id> by_actor_{};
  std::deque<instance_id> to_resume_{};
  double resume_allowance_ = 0;
  std::unordered_multimap<instance_id, waiter> waiting_{};
  std::uint64_t next_waiter_ = 1;
  std::set<timer> timers_{};
  timestamp last_book_{};
  open_instance_book book_{};
  /// The book's changes that the writer was given, until they are durable.
  std::optional<append_request> unconfirmed_{};
};

} // namespace ensemble::internal
