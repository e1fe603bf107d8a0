#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>
#include <ensemble/service.hpp>
#include <ensemble/subscription.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What outsiders saw of a system: evidence that does not come from the journal, to hold the journal
// against. See docs/history.md.

namespace ensemble {

struct receipt; // <ensemble/runtime.hpp>

/// When something was asked or told. Only their order counts: any number that all who write one
/// history share and that never falls, as a counter or a monotonic clock. Of two equal ones neither
/// was before the other. 0: never.
using history_moment = std::uint64_t;

/// What a client was told.
enum class told_answer {
  nothing,     ///< no answer came; it is not known what was done
  ok,          ///< a receipt
  refused,     ///< a receipt that says that the service refused
  turned_away, ///< not accepted (overloaded, a full disk, a handler that threw): nothing was done
  unknown,     ///< told that it is not known what was done
};
ENSEMBLE_ENUM(told_answer, nothing, ok, refused, turned_away, unknown)

/// A command that a client gave, and what it was told.
struct asked_command {
  std::string service{};
  std::string command{}; ///< the message's name
  std::string idempotency_key{};
  /// caller_command_id(service, idempotency_key), or what the receipt says. None: not known.
  command_id id{};
  history_moment asked = 0;    ///< before it was given
  history_moment answered = 0; ///< after the answer came; 0 beside `nothing`
  told_answer answer = told_answer::nothing;
  std::string stream{};               ///< of the receipt
  std::vector<recorded_event> events; ///< likewise; their times and origins are not compared
  std::string refusal{};              ///< likewise
  bool repeated = false;              ///< likewise
};

/// The id of a caller's command under an idempotency key, and so of its outcome's first event.
[[nodiscard]] command_id caller_command_id(std::string_view service, std::string_view key);
/// Notes what the callback of `send` was told: a receipt, or why there is none.
void note_answer(asked_command& command, const receipt* receipt, const error* failure,
                 history_moment answered);

/// What a client of the journal itself was told.
enum class told_append {
  nothing, ///< no answer came, or an exception: it is not known what was recorded
  appended,
  repeated,
  conflict,
  no_space,
  fenced,
};
ENSEMBLE_ENUM(told_append, nothing, appended, repeated, conflict, no_space, fenced)
[[nodiscard]] told_append told(append_result::status status) noexcept;

/// A request to the journal, and its result. Books are not looked at.
struct asked_append {
  append_request request{};
  history_moment asked = 0;
  history_moment answered = 0;
  told_append answer = told_append::nothing;
  append_result result{}; ///< beside any answer but `nothing`
};

/// An entry of the books that a service outside keeps of its own effects.
struct effect_entry {
  enum class kind {
    effect, ///< it was done, or undone
    cancel, ///< the effect under this key was reverted, or is blocked for ever
  };
  std::string key{}; ///< the idempotency key that the handler was given
  std::string what{};
  kind did = kind::effect;
  std::uint64_t times = 1; ///< how often it was effective; an answer to a repeat is not
};

/// All effects of one service, in the order in which they happened.
struct effect_ledger {
  std::string service{};
  std::vector<effect_entry> entries{};
};

/// Something that a subscription's handlers saw, or that became of it.
struct subscription_entry {
  enum class kind {
    began,      ///< a handler was called
    handled,    ///< and returned
    failed,     ///< and threw
    restarted,  ///< who handed events over is gone; what it had in hand is handed over again
    checkpoint, ///< everything up to `at` is durably handled or parked
  };
  kind what = kind::began;
  position at{};
  std::string idempotency_key{};  ///< of `began`
  std::vector<position> parked{}; ///< beside a checkpoint: what is durably parked
};

/// What a subscription saw, over all its lives, and what is parked in the end.
struct subscription_history {
  std::string name{};
  std::vector<std::string> topics{}; ///< what concerns it; see topic
  order_key ordered_by = order_key::stream;
  position from{1};
  int attempts = 1; ///< the policy's
  std::vector<subscription_entry> entries{};
  std::vector<parked_event> parked{};
};

/// All evidence that there is. Whatever nobody noted stays empty, and is not judged.
struct history {
  std::vector<asked_command> commands{};
  std::vector<asked_append> appends{};
  std::vector<effect_ledger> ledgers{};
  std::vector<subscription_history> subscriptions{};
};

struct history_options {
  /// All versions of the processes that the journal holds instances of. Empty: no instance is
  /// judged.
  std::vector<process_definition> processes{};
  /// The services that record its events; not owned, none null. Empty: what callers' and policies'
  /// commands come to is not judged, and every command of a service with a ledger is an effect.
  std::vector<const service_definition*> services{};
  /// Everything was healed and has ended: then no instance is open, no effect without its outcome,
  /// no event neither handled nor parked.
  bool quiet = false;
  /// The history has every command of callers and every append to the journal: then an event that
  /// nobody asked for is told. False: the journal may hold what others asked for.
  bool complete = true;
  /// Whether both modes are held against each other (verify_modes). It costs more than all else.
  bool modes = true;
};

/// A rule that was broken, and how.
struct history_finding {
  std::string rule{}; ///< as in `S7`: the letters of docs/history.md
  std::string text{}; ///< one sentence
  position at{};      ///< the event; 0: none
};

/// Collects findings: counts all, and keeps the first few in full, so that a journal that breaks a
/// rule a million times is told about in a page.
class history_findings {
public:
  static constexpr std::size_t kept = 20;

  void add(std::string rule, std::string text, position at = {});
  /// Counts findings that somebody else did not keep.
  void add_untold(const std::string& rule, std::uint64_t count);
  [[nodiscard]] bool none() const noexcept { return counts_.empty(); }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const noexcept {
    return counts_;
  }
  [[nodiscard]] std::uint64_t count(const std::string& rule) const;
  [[nodiscard]] const std::vector<history_finding>& first() const noexcept { return first_; }

private:
  std::map<std::string, std::uint64_t> counts_{};
  std::vector<history_finding> first_{};
};

struct history_report {
  history_findings found{};
  std::uint64_t events = 0;       ///< of the journal
  std::uint64_t acknowledged = 0; ///< commands and appends that were told to be done
  std::uint64_t unknown = 0;      ///< those of which nobody knows what was done
  std::uint64_t effects = 0;      ///< entries of ledgers
  std::uint64_t instances = 0;    ///< replayed
  std::uint64_t prefixes = 0;     ///< at which the modes were compared

  [[nodiscard]] bool holds() const noexcept { return found.none(); }
  /// For people, several lines.
  [[nodiscard]] std::string text() const;
};

/// Holds a history against a journal, event by event, in journal order: for a journal that can be
/// read only once, as through runtime::observe. It judges S1 to S8 and the ledgers (G3, G4) and
/// subscriptions; what needs a reader besides is done by verify_history alone.
class history_check {
public:
  /// The history must outlive the check. Throws errc::bad_argument for a topic that is none.
  history_check(const history& told, const history_options& options);
  ~history_check();
  history_check(const history_check&) = delete;
  history_check& operator=(const history_check&) = delete;

  void take(const recorded_event& event);
  /// After the last event.
  [[nodiscard]] history_report finish();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// Holds a history against a whole journal, up to its present head, and the journal against itself
/// and the definitions: storage (S4), language of the processes (G1 to G5, G9 to G11), causes (S3),
/// both modes (G12). Appends and commands must be linearizable in the journal's order (S6, S7). The
/// history must be over: what is asked while this runs may be found missing. Keeps in memory what
/// the history tells, the length of every stream, and open instances. Throws what the reader
/// throws, and errc::bad_message for an event that does not fit its type.
[[nodiscard]] history_report verify_history(journal_reader& journal, const history& told,
                                            const history_options& options = {});

} // namespace ensemble
