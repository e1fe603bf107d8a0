#pragma once

#include "model/outside_events.hpp"
#include "runtime/exactly_once.hpp"

#include <ensemble/event.hpp>
#include <ensemble/flow_graph.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/runtime.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/group.hpp>

#include <any>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What the runtime's actors say to each other. All of it stays in one process: the payloads are
// shared pointers, and no message is ever serialised.

namespace ensemble::internal {

/// An observer, and whether a notice is under way to it: it never has more than one.
struct observer_entry {
  caf::actor actor{};
  std::shared_ptr<std::atomic<bool>> noticed{};
};

/// Who is where. Replaced as a whole when an actor was respawned.
struct directory {
  caf::actor writer{};
  caf::actor syncer{}; ///< these two of speculative durability only
  caf::actor outlet{};
  caf::actor reader{};
  caf::actor gateway{};
  caf::actor manager{};
  caf::actor desk{};
  caf::actor flows{};    ///< where the journal is kept, as the manager
  caf::actor outcomes{}; ///< where there are other nodes
  caf::group journal_group{}; ///< see bus.hpp
  std::vector<observer_entry> observers{};
  std::map<std::string, caf::actor, std::less<>> hosts{};
  std::map<std::string, caf::actor, std::less<>> participants{}; ///< by their services
  std::map<std::string, caf::actor, std::less<>> subscribers{};  ///< by role

  [[nodiscard]] caf::actor host(std::string_view service) const {
    const auto at = hosts.find(service);
    return at == hosts.end() ? caf::actor{} : at->second;
  }
};
using directory_ptr = std::shared_ptr<const directory>;

/// To everyone: the directory has changed. `restarted` names what began anew (a service's name,
/// or one of the roles below); messages that its predecessor had are lost.
struct directory_changed {
  directory_ptr now{};
  std::string restarted{};
};
// Roles hold a space, so that no service can have the name.
inline constexpr std::string_view writer_role = "journal writer";
inline constexpr std::string_view syncer_role = "journal syncer";
inline constexpr std::string_view outlet_role = "outlet of the durable";
inline constexpr std::string_view reader_role = "journal reader";
inline constexpr std::string_view gateway_role = "caller gateway";
inline constexpr std::string_view manager_role = "process manager";
inline constexpr std::string_view desk_role = "operator desk";
inline constexpr std::string_view flow_role = "flow watcher";
inline constexpr std::string_view outcome_role = "outcome watcher";
inline constexpr std::string_view participant_prefix = "participant of ";
/// The role of a service's participant, and back; empty for any other role.
[[nodiscard]] inline std::string participant_role(std::string_view service) {
  return std::string(participant_prefix) + std::string(service);
}
[[nodiscard]] inline std::string_view participant_of(std::string_view role) {
  return role.starts_with(participant_prefix) ? role.substr(participant_prefix.size()) : "";
}

/// To a host: a command of a process or a caller, or the close of one.
struct host_command {
  command_id id{};
  command_id target{}; ///< of a close: the command to settle; else equal to id
  bool close = false;
  bool repeat = false; ///< it may have been given before
  /// To a host that died with it: what became of it there is not known.
  bool was_with_another = false;
  message body{};      ///< of a close: the body of the command to settle
  event_origin origin{};
  caf::actor reply_to{}; ///< the gateway, a policy, or (told of failed
                         ///< attempts only) a saga or participant
  bool from_caller = false;
  bool from_policy = false;

  /// The outcome is told to `reply_to`, too; who follows the instance sees it in the journal.
  [[nodiscard]] bool is_answered() const noexcept { return from_caller || from_policy; }
};
struct give_command {
  std::shared_ptr<const host_command> command{};
};

/// Host to whoever gave the command: it could not be handled this time; nothing was recorded.
struct attempt_failed_note {
  instance_id instance{};
  command_id id{};
  std::string reason{};
};

/// Host to gateway or policy: what the command came to.
struct command_answer {
  command_id id{};
  std::shared_ptr<const receipt> result{};
  std::shared_ptr<const error> failure{};
  /// On which commit it rests, and on none behind it; none: on any that has begun.
  std::optional<std::uint64_t> commit{};
};

/// To the writer. `from` is told the result under the same tag; none: nobody is, and the request
/// counts as essential, since nobody could make it again.
struct append_job {
  append_request request{};
  caf::actor from{};
  std::uint64_t tag = 0;
  /// Of another node: if no journal can record it, that is told, and no fault of this runtime.
  bool from_elsewhere = false;
};
struct append_to_journal {
  std::shared_ptr<append_job> job{};
};

/// Writer to a host: what became of its appends, one message a commit.
struct append_answer {
  std::uint64_t tag = 0;
  append_result result{};
  std::uint64_t commit = 0; ///< its number, see durability_gate
  std::shared_ptr<const error> failure{}; ///< of one from elsewhere: nothing was recorded
};
struct appends_done {
  std::shared_ptr<const std::vector<append_answer>> answers{};
};

/// To the writer: what it and others have recorded in a journal that is not its own alone.
struct recorded_by_all {
  std::shared_ptr<std::vector<recorded_event>> events{};
};

/// Writer to subscribers: everything that one commit recorded, in journal order. May be empty: it
/// then only tells the head.
struct committed_batch {
  position from{};
  position to{};
  std::vector<recorded_event> events{};
  std::vector<std::string_view> types{}; ///< the names of its messages, sorted, each once
};
[[nodiscard]] std::vector<std::string_view> types_of(const std::vector<recorded_event>& events);
struct committed {
  std::shared_ptr<const committed_batch> batch{};
};

/// Writer to an observer: there is something to read.
struct journal_grew {};
/// To the syncer: something waits for a sync.
struct sync_journal {};
/// To the outlet: something that waited may leave.
struct gate_opened {};
/// Observer and publisher to themselves: what they were about to show is durable.
struct durable_page {
  std::shared_ptr<const std::vector<recorded_event>> events{};
};
struct durable_batch {
  std::shared_ptr<const committed_batch> batch{};
};

/// The processes that a holder of instances follows, by name; and of which it keeps the books.
struct followed_processes {
  std::set<std::string, std::less<>> all{};
  std::set<std::string, std::less<>> kept{};
};

/// To the reader, answered with `journal_page` under the same tag.
struct read_request {
  enum class kind {
    stream,   ///< a page of `stream` from `version` on
    outcome,  ///< the events of `stream` that `command` caused; empty if there are none
    instance, ///< the start event and all events of `instance`
    range,    ///< a page of the journal from `from` on
    open,     ///< the open instances of `processes` (see open_instances)
    book,     ///< a page of `book` behind `after_key`; answered with `book_page`
  };
  kind what = kind::stream;
  std::uint64_t tag = 0;
  std::string stream{};
  stream_version version{};
  command_id command{};
  instance_id instance{};
  position from{};
  std::shared_ptr<const followed_processes> processes{};
  std::size_t limit = read_page; ///< of a range
  std::string book{};
  std::string after_key{};
};
struct read_journal {
  std::shared_ptr<const read_request> request{};
  caf::actor from{};
};
struct journal_page {
  std::uint64_t tag = 0;
  std::shared_ptr<const std::vector<recorded_event>> events{};
  bool complete = true; ///< nothing further follows
};
struct book_page {
  std::uint64_t tag = 0;
  std::shared_ptr<const std::vector<book_row>> rows{}; ///< none: nothing further follows
};
/// What an instance awaits, in its row of the book of open instances.
struct waiting_row {
  std::string step{};
  std::string event{};
  std::string key{};
};
ENSEMBLE_FIELDS(waiting_row, step, event, key)
/// A row of that book.
struct open_instance {
  std::string process{};
  int version{};
  std::uint64_t last{}; ///< the last event of it that was folded
  bool asleep{};        ///< no command was outstanding then
  std::optional<timestamp> wake{};
  std::string stuck{}; ///< why; empty: it is not
  std::vector<waiting_row> waits{};
};
ENSEMBLE_MESSAGE_NAMED(open_instance, "ensemble.open_instance", 1, process, version, last, asleep,
                       wake, stuck, waits)
/// An outside event that nobody had received, and why it is parked, if it is.
struct outside_row {
  recorded_event event{};
  std::string parked_because{};
};
/// Rows of that book. `first` begins the whole reading anew.
struct open_instances_page {
  bool first = false;
  std::vector<std::pair<instance_id, open_instance>> rows{};
};
struct open_instances_read {
  std::shared_ptr<const open_instances_page> page{};
};
/// What happened behind the book's checkpoint.
struct open_instances_tail {
  struct beginning {
    instance_id id{};
    std::string process{};
    int version{};
  };
  std::vector<beginning> began{};
  std::set<instance_id> moved{}; ///< had events
  std::set<instance_id> ended{};
  std::vector<outside_row> outside{}; ///< in the order of their positions
  position checkpoint{};
  position head{}; ///< everything up to here was looked at
};
struct open_instances_found {
  std::shared_ptr<const open_instances_tail> tail{};
};

/// To a saga: events of a batch that concern it.
struct saga_events {
  std::shared_ptr<const committed_batch> batch{};
  std::vector<std::uint32_t> which{};
};
/// Saga to its holder.
struct saga_report {
  instance_id id{};
  position folded{}; ///< the last event that it knows
  bool terminal = false;
  bool ended_before = false; ///< it was terminal when it was read after a restart
  bool asleep = false;       ///< no command is outstanding
  bool broken = false;       ///< a function of the definition threw as it was folded
  outcome result{};          ///< terminal or stuck; else unknown
  std::optional<timestamp> wake{};
  std::optional<std::vector<awaited_key>> awaits{}; ///< none: as it told before
};
struct wake_up {};
/// Holder to saga: an outside event that it awaits; and back, when it does not.
struct offered_event {
  std::shared_ptr<const recorded_event> event{};
};
struct returned_event {
  instance_id from{};
  std::shared_ptr<const recorded_event> event{};
};
/// Runtime to the holder that keeps the instance.
struct await_outcome {
  instance_id id{};
  timestamp deadline{};
  std::shared_ptr<exactly_once<const outcome&>> callback{};
  std::shared_ptr<const recorded_event> start{}; ///< the event that started it
};

/// Runtime to gateway.
struct caller_command {
  std::string service{};
  std::shared_ptr<const host_command> command{};
  std::shared_ptr<exactly_once<const receipt*, const error*>> callback{};
};
struct submit {
  std::shared_ptr<const caller_command> what{};
};

/// Runtime to host.
struct state_query {
  std::string key{};
  std::shared_ptr<exactly_once<const std::any*, const error*>> callback{};
};
struct query_state {
  std::shared_ptr<const state_query> what{};
};

/// Runtime to the operator desk, and what the desk tells: the part that was asked for.
struct desk_answer {
  operator_answer operated{};
  instance_report report{};
  stuck_instances stuck{};
};
struct desk_request {
  enum class kind { operate, inspect, stuck };
  kind what = kind::operate;
  operator_word word{};  ///< and the instance to inspect
  instance_id after{};   ///< stuck: begin behind this one
  std::size_t limit = 0; ///< stuck
  std::shared_ptr<exactly_once<const desk_answer*, const error*>> callback{};
};
/// Desk to a holder, and back: which of the instances that it keeps are stuck.
struct list_stuck {
  caf::actor from{};
  std::uint64_t tag = 0;
};
struct stuck_listed {
  std::uint64_t tag = 0;
  std::shared_ptr<const std::vector<instance_id>> ids{}; ///< in no order
};
struct ask_desk {
  std::shared_ptr<const desk_request> request{};
};

/// Runtime to the flow watcher.
struct ask_flow_graph {
  std::shared_ptr<exactly_once<const flow_graph&>> callback{};
};

/// Effect thread to host.
struct effect_done {
  command_id id{};
  bool cancel = false;
  std::shared_ptr<const verdict> result{}; ///< none: it failed for `reason`
  std::string reason{};
};

/// To the supervisor: an actor that it does not watch itself has died and was replaced.
struct actor_died {
  std::string role{};
};
/// To the supervisor: the service, which runs on another node, is reached anew; what it was asked
/// before may be lost.
struct service_moved {
  std::string service{};
};
/// To the manager, from tests: end one running saga as if it had died.
struct kill_a_saga {};

/// To the supervisor: the journal can no longer be trusted, or a callback threw.
struct runtime_failed {
  std::shared_ptr<const error> why{};
};

} // namespace ensemble::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::directory_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::give_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::attempt_failed_note)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::command_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::append_to_journal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::appends_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::recorded_by_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::journal_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::sync_journal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::gate_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::durable_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::durable_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::read_journal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::journal_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::book_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::open_instances_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::open_instances_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::offered_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::returned_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::saga_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::saga_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::wake_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::await_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::submit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::query_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::ask_desk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::list_stuck)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::stuck_listed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::ask_flow_graph)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::effect_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::actor_died)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::service_moved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::kill_a_saga)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::runtime_failed)
