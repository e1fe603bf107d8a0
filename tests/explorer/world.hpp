#pragma once

#include "explorer/random_definition.hpp"
#include "model/executor.hpp"
#include "model/outside_events.hpp"

#include <ensemble/operator_word.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace explorer {

using namespace ensemble;

enum class mode { conducted, danced };

/// Bugs in the surroundings of the model, to be planted (those inside it: model/planted_bug.hpp).
struct faults {
  bool fold_by_topic = false;   ///< a holder folds a batch sorted by type, not in journal order
  bool leave_gaps = false;      ///< a holder that missed a batch does not read the journal
  bool act_for_another = false; ///< a participant gives another service's commands, too
  std::string bug_of_one{};     ///< a bug of the engine that only the last participant has
};

/// One effect outside the journal, or one state change inside: what "happened" to the world.
struct effect {
  command_id id{};
  std::string step{};
  ensemble::direction direction{};
  position at{}; ///< of its outcome; 0 while only the outside knows of it
  bool reverted = false;
};

/// What the bus tells of a commit, or of several: the events journal[from] to journal[to - 1].
struct published {
  std::size_t from{};
  std::size_t to{};
};

/// Who folds and acts: the conductor, or one participant.
struct holder {
  std::string service{}; ///< of a participant
  executor_role role{};
  std::optional<instance> folded{};
  std::optional<ensemble::executor> acting{};
  std::optional<outside_events> outside{}; ///< with whoever keeps the deadlines (rule 9)
  std::vector<awaited_key> awaiting{};     ///< as it told `outside` last
  std::size_t read = 0;                    ///< events of the journal it has seen
  std::optional<timestamp> wake{};         ///< as it told last
  bool dead = false;                       ///< or has not joined yet
  std::deque<published> inbox{};
};

/// The holders of that mode: the conductor, or a participant for each service.
std::vector<holder> make_holders(const process_definition& p, mode m, const faults& f);

/// A whole system in miniature, with one process instance: journal, services, network, holders, a
/// clock. Everything that happens in it follows from the seed.
class world {
public:
  world(std::uint64_t seed, mode m, faults f = {});

  /// Runs the faulty part and the healing part.
  void run();

  // The evidence, for the checks.
  std::shared_ptr<const process_definition> definition{};
  std::vector<recorded_event> journal{};
  std::vector<effect> effects{};
  std::vector<std::string> violations{};
  instance_id id{};
  bool operated = false; ///< an operator skipped something
  [[nodiscard]] instance fold_all() const;
  void violate(const std::string& what) { violations.push_back(what); }

private:
  void faulty_turn();
  void heal();
  void publish();
  void observe_and_act(holder& h, std::size_t at_most);
  void recover(holder& h);
  void catch_up(holder& h);
  void hear(holder& h, const published& batch);
  void read(holder& h, std::size_t to);
  void act(holder& h);
  void go_on(holder& h);
  void attempt_failed(const due_command& c);
  void replace_host(const std::string& service);
  void crash(holder& h);
  void restart();
  void compare_with_reference(const holder& h);
  void record(std::vector<new_event> events, const std::string& stream);
  void deliver(std::size_t index);
  void handle(const due_command& c);
  bool crashes(const due_command& c, double how_often);
  void handle_effect(const due_command& c);
  void close(const due_command& c);
  void receive(holder& h, const std::vector<const recorded_event*>& events);
  void outside_event();
  void operate();
  void operator_says(operator_word word);
  std::vector<message> decide(const due_command& c);
  std::vector<message> decide_forward(const due_command& c, std::size_t roll);
  [[nodiscard]] bool handled(const due_command& c) const;
  void append_outcome(const due_command& c, const std::vector<message>& bodies);
  effect* find_effect(command_id id);

  dice dice_;
  faults faults_;
  bool healing_ = false;
  timestamp now_{};
  std::vector<holder> holders_{};
  std::size_t published_ = 0; ///< events of the journal that the bus has told of
  std::vector<due_command> network_{};
  std::map<std::string, std::set<event_id>> streams_{};
  std::set<std::string> effect_services_{};
  std::set<command_id> blocked_{}; ///< keys that an outside system refuses from now on
  std::map<command_id, std::string> bodies_{};
  std::uint64_t outcome_seed_ = 0;
  std::size_t luck_ = 0; ///< percent: with luck long processes come far before one of them fails
};

/// Holds a finished world against the invariants; adds to its violations.
void check(world& w);

/// G12 in full, on a finished world's journal: conductor and participants, each reading in its own
/// way, fold the same after every event, field by field; what participants would give and record
/// is what a conductor would, each service's by its own participant, the deadlines by the owner's.
/// Adds to its violations; returns how many folds it compared.
std::size_t compare_every_prefix(world& w, std::uint64_t seed, const faults& f = {});

/// One run: makes, runs, checks. Returns what was violated.
std::vector<std::string> explore(std::uint64_t seed, mode m, faults f = {});

} // namespace explorer
