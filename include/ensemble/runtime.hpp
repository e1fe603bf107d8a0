#pragma once

#include <ensemble/event.hpp>
#include <ensemble/flow_graph.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/operator_word.hpp>
#include <ensemble/process.hpp>
#include <ensemble/service.hpp>
#include <ensemble/subscription.hpp>

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// What a node shows other nodes, and by what it knows them: PEM files, as scripts/certificates
/// makes them.
struct tls_files {
  std::string authority{};   ///< certificates of the authorities whose nodes are trusted
  std::string certificate{}; ///< the node's own, and what lies between it and the authority
  std::string key{};         ///< its private key, without a passphrase
};

struct runtime_options {
  /// Where the journal is: `memory:` (nothing outlives the runtime), or the path of a file.
  std::string journal = "memory:";
  ensemble::durability durability = ensemble::durability::durable;
  /// How much work may be under way: instances with a command outstanding, and callers' commands
  /// without their receipt. Beyond it `send` waits or refuses; accepted work never does.
  std::size_t credits = 10'000;
  /// Threads for deciders and sagas. 0: one a core, at least 2.
  std::size_t threads = 0;
  /// Threads for effect handlers, which may block.
  std::size_t effect_threads = 8;
  /// After a restart, how many of the open instances are resumed in a second. 0: no limit.
  std::size_t recovery_rate = 20'000;
  /// After a restart no deadline fires before its command was given again and this has passed.
  duration recovery_grace = std::chrono::seconds(5);
  /// How many deaths of the runtime's own actors in ten seconds are borne before it fails.
  std::size_t deaths_borne = 10;
  /// How many outside events that no instance awaits yet are kept for one that will; beyond that
  /// the oldest are let go of, with a warning in the log. (The journal holds them all.)
  std::size_t kept_outside_events = 100'000;
  /// How many entities of a service are kept in memory beside those at work.
  std::size_t cached_entities = 10'000;
  /// Bytes of the journal's file system that are kept free for work that was accepted: while less
  /// is free, callers' commands fail with errc::journal_full. See journal_options::headroom.
  std::uint64_t headroom = std::uint64_t{64} << 20;

  // One runtime of several, each in a process of its own (docs/nodes.md): all are given the same
  // services and processes, and run the parts that are named here. Without `listen` and `join` a
  // runtime is alone.

  /// HOST:PORT: others may join this one, which keeps the journal. Port 0: one that is free, see
  /// runtime::address.
  std::string listen{};
  /// HOST:PORT of the node that keeps the journal. `journal` and `durability` are that one's.
  std::string join{};
  /// How long start() waits to be let in there.
  duration join_within = std::chrono::seconds(30);
  /// The services that run here; the others run on other nodes, one node each. None: all.
  std::optional<std::vector<std::string>> services{};
  /// Unique among the nodes, `[a-z][a-z0-9-]*`; with `tls` the certificate's common name. Empty:
  /// one is drawn.
  std::string node_name{};
  /// Nodes of another application are refused; written as a node's name.
  std::string application = "ensemble";
  /// An address that other machines can reach needs it; on loopback it may be left out.
  std::optional<tls_files> tls{};
  /// How often each node says so that it is there; at least 1 ms.
  duration heartbeat = std::chrono::seconds(1);
  /// A node of which nothing is heard for longer is down. At least two heartbeats.
  duration silence = std::chrono::seconds(5);
};

/// A node, as the one that keeps the journal sees it.
struct node_status {
  std::string name{};
  std::string incarnation{};           ///< which start of it, in hexadecimal
  bool connected = false;              ///< the node itself is
  std::vector<std::string> services{}; ///< that run there
  duration heard{};                    ///< how long ago something was heard of it
  std::uint64_t bytes_under_way = 0;   ///< sent to it, and not taken there yet
  std::string last_error{};            ///< why its last connection ended, if it is not back
};

/// What a caller's command came to. Durable when it is handed out.
struct receipt {
  command_id command{};
  correlation_id correlation{};
  std::string stream{};                 ///< where its outcome stands
  std::uint64_t stream_length = 0;      ///< of that stream, with the outcome
  std::vector<recorded_event> events{}; ///< the outcome; empty if there was nothing to do
  /// Why the service refused the command; empty: it did not.
  std::optional<std::string> refusal{};
  /// The command had been given before; this is the outcome that it had then.
  bool repeated = false;

  [[nodiscard]] bool refused() const noexcept { return refusal.has_value(); }
};

/// What to do when no credit is free.
enum class when_busy {
  wait,   ///< block until there is one
  refuse, ///< fail at once with errc::overloaded
};

struct send_options {
  /// The caller's name for this request: a command sent again under the same key (to the same
  /// service) is answered with the outcome that it had. Empty: the request cannot be repeated.
  std::string idempotency_key{};
  ensemble::when_busy when_busy = ensemble::when_busy::wait;
  /// The flow that the command belongs to. None: a new one.
  correlation_id correlation{};
};

/// How a process ended, as far as is known.
enum class outcome_kind {
  completed,   ///< every step done
  compensated, ///< failed, and everything that was done is undone
  stuck,       ///< needs an operator; see the reason
  unknown,     ///< not ended within the time that was given
};

/// The name of a kind, as in `compensated`.
[[nodiscard]] std::string_view to_string(outcome_kind kind) noexcept;

struct outcome {
  outcome_kind kind = outcome_kind::unknown;
  std::string reason{}; ///< why it was compensated, or is stuck
  instance_id instance{};
};

/// A receipt, or why there is none (a code and a text; never a business refusal).
using send_callback = std::function<void(const receipt*, const error*)>;
using outcome_callback = std::function<void(const outcome&)>;
/// What was asked for, or why there is none.
using operator_callback = std::function<void(const operator_answer*, const error*)>;
using report_callback = std::function<void(const instance_report*, const error*)>;
using stuck_callback = std::function<void(const stuck_instances*, const error*)>;
using redrive_report_callback = std::function<void(const redrive_report*, const error*)>;
using event_callback = std::function<void(const recorded_event&)>;
using nodes_callback = std::function<void(const std::vector<node_status>*, const error*)>;

/// Counters since the start, or of now: those are 0 after `stop`, whatever the journal holds.
struct runtime_stats {
  std::uint64_t commands_accepted = 0; ///< callers' commands
  std::uint64_t commands_refused = 0;  ///< for want of a credit, or at once on a full disk
  std::uint64_t instances_started = 0;
  std::uint64_t instances_recovered = 0; ///< open before the start, and folded again since
  std::uint64_t instances_completed = 0;
  std::uint64_t instances_compensated = 0;
  std::uint64_t instances_open = 0;  ///< now
  std::uint64_t instances_stuck = 0; ///< now
  /// Now: those that have no command outstanding. They take little memory and no credit.
  std::uint64_t instances_asleep = 0;
  std::uint64_t outside_events_kept = 0;   ///< now: awaited by nobody yet
  std::uint64_t outside_events_parked = 0; ///< now: fit several instances, or have no key
  std::uint64_t events_appended = 0;
  std::uint64_t commits = 0;
  std::uint64_t attempts_failed = 0;
  std::uint64_t deadlines_passed = 0;
  std::uint64_t actors_respawned = 0;
  std::uint64_t messages = 0; ///< into the mailboxes of the runtime's own actors, of every kind
  std::uint64_t events_folded = 0; ///< into instances, by every holder that follows them
};

/// Business processes, embedded in the host program: services, processes, one journal.
///
/// Set it up (`host`, `orchestrate` or `choreograph`), `start` it, use it, `stop` it. Several
/// runtimes may live in one program. It installs no signal handlers and uses no globals. After
/// `start` every function is safe to call from any thread, but those that block throw
/// errc::would_block from inside a callback, a decider or an effect handler.
///
/// Callbacks run on a thread of the runtime (one of send() may run inside it): keep them short, and
/// do not block in them.
class runtime {
public:
  /// Throws errc::bad_argument for options out of range. Opens nothing yet.
  explicit runtime(runtime_options options = {});
  /// Stops as `stop` does.
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Adds a service. Throws errc::bad_definition for a name that is taken,
  /// errc::duplicate_message for a message name that stands for two types.
  runtime& host(service_definition service);
  /// Adds a process, conducted: a process manager commands the services.
  runtime& orchestrate(process_definition process);
  /// Adds a process, danced: each service that takes part in it has a participant, which follows
  /// the journal's events and does what is due from its own service; the owner's also keeps the
  /// deadlines and awaits the events from outside. The same outcome as orchestrated, and the same
  /// journal: which of the two it is may change from one start to the next, with instances open.
  /// Every participant calls the definition's functions, each on a thread of its own. Throws
  /// errc::bad_definition if other versions of the process are orchestrated, or have another
  /// owner.
  runtime& choreograph(process_definition process);

  /// Opens the journal, checks that every service and message a process names is there and that
  /// the journal holds no unknown message, and resumes the instances that are open. When it
  /// returns everything that was known is known again. Throws what open_journal throws,
  /// errc::unknown_service, errc::unknown_message, errc::bad_definition; and of nodes
  /// errc::bad_argument: for options that do not fit together, files of TLS that cannot be used,
  /// and an address where nobody can listen; and errc::not_running for one that is not let in by
  /// the node that it joins, saying why. (Once it was let in it comes again by itself.)
  void start();

  /// Gives a command to a service. The future is ready when the outcome is durable. Throws
  /// errc::unknown_service (also for a service that does not take the command),
  /// errc::bad_message (a text that cannot be stored, a key that cannot name a stream),
  /// errc::overloaded (see when_busy), errc::wrong_state (not started, or stopped),
  /// errc::journal_full (nothing was recorded; the future may throw it, too). The future throws
  /// errc::unknown_outcome if the runtime stopped or failed before the outcome was known, or the
  /// service's actor died with the command while the disk was full: send again under the same
  /// idempotency key.
  [[nodiscard]] std::future<receipt> send(std::string_view service, message command,
                                          send_options options = {});
  /// The same, telling a callback, also of errc::overloaded, and of errc::journal_full where it is
  /// known at the door: then before this returns, on the caller's thread (so hold no lock that the
  /// callback takes). A load that is mostly turned away costs no exceptions. All else is thrown.
  void send(std::string_view service, message command, send_options options,
            send_callback callback);

  /// Waits, on whatever node, until the process that the receipt's events started has ended or is
  /// stuck. `unknown`
  /// when the time is over, when the runtime stops, or when those events start no process.
  [[nodiscard]] outcome await(const receipt& of, duration timeout);
  /// The same, telling a callback (once). It may come before this returns.
  void await(const receipt& of, duration timeout, outcome_callback callback);

  /// Gives an operator's word about an instance (rule 18 of the process machine). The future is
  /// ready when the word is durable, or refused: a refusal is a value, and says what to do instead.
  /// Of two operators at once one is first, and the other is told what became of it. Throws
  /// errc::wrong_state (not started, or stopped); the future throws errc::bad_argument (no
  /// such instance), errc::overloaded (others wrote first, again and again), errc::journal_full
  /// (but mostly a word waits until the disk has space), and errc::unknown_outcome if the runtime
  /// stopped or failed first: give the word again under the same idempotency key.
  [[nodiscard]] std::future<operator_answer> operate(operator_word word);
  void operate(operator_word word, operator_callback callback);

  /// How an instance stands. The future throws errc::bad_argument when the journal holds no
  /// instance of that id of a process that is run here.
  [[nodiscard]] std::future<instance_report> inspect(instance_id instance);
  void inspect(instance_id instance, report_callback callback);

  /// Which instances are stuck, of those that are kept on this node (conducted ones where the
  /// journal is, danced ones where their owner runs): at most `limit` of those that were started
  /// after `after` (none: from the first). Just after a start, instances that are still being read
  /// are missing.
  [[nodiscard]] std::future<stuck_instances> stuck(std::size_t limit = 100, instance_id after = {});
  void stuck(std::size_t limit, instance_id after, stuck_callback callback);

  /// The durable state of an entity, at least as new as the receipt that is given (on one node that
  /// holds for every receipt handed out before).
  template <class State>
  [[nodiscard]] std::future<State> query(std::string_view service, std::string_view key,
                                         const receipt& at_least = {}) {
    auto promise = std::make_shared<std::promise<State>>();
    auto result = promise->get_future();
    query_erased(service, key, at_least, [promise](const std::any* state, const error* failure) {
      if (failure)
        promise->set_exception(std::make_exception_ptr(*failure));
      else if (const auto* typed = std::any_cast<State>(state))
        promise->set_value(*typed);
      else
        promise->set_exception(std::make_exception_ptr(
            error(errc::bad_argument, "query: the service keeps a state of another type")));
    });
    return result;
  }

  /// Who reacts to what, over all flows that the journal holds, whatever their mode: always
  /// counted, never sampled. Up to the newest event, but for those that are just being counted;
  /// after the first start on an old journal it takes a while to catch up (flow_graph::last). The
  /// future throws errc::unknown_outcome if the runtime stopped or failed first, or its counter
  /// died.
  [[nodiscard]] std::future<flow_graph> flows();

  /// The nodes: the one that is asked, those that are connected, and, of those that ran services,
  /// who was and has not come back (1,000 at most). Throws errc::wrong_state unless this one
  /// listens; the future throws errc::unknown_outcome if the runtime stopped first.
  [[nodiscard]] std::future<std::vector<node_status>> nodes();
  void nodes(nodes_callback callback);
  /// Where it listens, HOST:PORT. Throws errc::wrong_state unless it does.
  [[nodiscard]] std::string address() const;

  /// Reads the journal, on the calling thread, wherever it is kept; messages come typed. Throws
  /// what journal::open_reader throws, and, where another node keeps it, errc::would_block inside a
  /// callback. Not to be used after `stop`; one thread at a time each.
  [[nodiscard]] std::unique_ptr<journal_reader> open_reader() const;

  /// Tells the callback every durable event at `from` and after, in journal order, one at a time,
  /// on a thread of its own that may block; then every later one. An exception of the callback is
  /// a failure of the runtime (see on_failure). Ends with the runtime.
  void observe(position from, event_callback callback);

  /// Adds a subscription. Before start(), so that its recovery belongs to the runtime's. Throws
  /// errc::bad_definition for a name that is taken, errc::duplicate_message for a message name that
  /// stands for two types.
  runtime& subscribe(subscription_definition subscription);
  /// The events that a subscription (or policy, `<service>:<event>`) has parked, sorted by
  /// position: up to `limit` of those behind `after`. Reads the journal on the calling thread.
  /// Throws errc::bad_argument when there is no subscription of that name, errc::wrong_state when
  /// it runs on another node.
  [[nodiscard]] std::vector<parked_event>
  parked(std::string_view subscription, std::size_t limit = 100, position after = {}) const;
  /// Hands parked events to their handler again, in order, each with all attempts of the policy:
  /// all of them, or those of the order key that the event at `of` is parked under. What is handled
  /// is parked no more, and when none is left of an order key, its new events flow again; one that
  /// fails again stays parked, and so do those behind it. Of what is not parked nothing happens, so
  /// it may be asked twice. The future is ready when all of it is done and durable; it throws
  /// errc::unknown_outcome when the runtime stopped, or the subscription's actor was replaced,
  /// meanwhile: ask again. Throws errc::bad_argument as `parked` does.
  [[nodiscard]] std::future<redrive_report> redrive(std::string_view subscription,
                                                    position of = {});
  void redrive(std::string_view subscription, position of, redrive_report_callback callback);
  /// How a subscription or policy stands. Reads the journal's head on the calling thread. Throws
  /// errc::bad_argument as `parked` does.
  [[nodiscard]] subscription_stats stats(std::string_view subscription) const;

  /// Called at most once, when the runtime has failed: a write or sync failed, or its actors died
  /// too often. From then on nothing is accepted or acknowledged; destroy it and start a new one.
  /// Set it before `start`. Without it the failure is only logged.
  void on_failure(std::function<void(const error&)> callback);

  [[nodiscard]] runtime_stats stats() const;

  /// Accepts no more, waits until what has been appended is durable and answered, and ends every
  /// thread. After `limit` it waits no longer for the answers: callers still without one are told
  /// errc::unknown_outcome. Open instances resume at the next start. A decider, effect handler,
  /// observer or callback that does not return holds it up in any case.
  void stop(duration limit = std::chrono::seconds(10));

private:
  friend struct runtime_access;
  using state_callback = std::function<void(const std::any*, const error*)>;
  void query_erased(std::string_view service, std::string_view key, const receipt& at_least,
                    state_callback callback);

  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace ensemble
