#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/operator_word.hpp>
#include <ensemble/process.hpp>
#include <ensemble/runtime.hpp>

#include <memory>
#include <string>
#include <vector>

// How another program, an operator's tool, reaches the instances of a journal.
//
// While a runtime owns a journal file, it listens at the Unix socket `<journal>.control` beside it
// (mode 0600; only the same user and root are served), and is asked there: control_client. While
// none does, the tool takes the journal itself: offline_operator. To read, neither is needed:
// instance_reader works beside a live runtime and without one.
//
// The protocol, for other clients: one JSON object a line (64 KiB at most), one JSON object a line
// in answer. {"command":"stuck"}, {"command":"inspect","instance":"<32 digits>"},
// {"command":"stats"}, {"command":"nodes"}, {"command":"retry","instance":"...","reason":"..."};
// skip and abort likewise, with "step", "direction", "event_name", "event_text" and
// "idempotency_key" as in operator_word; stuck takes "limit" (500 at most) and "after". The answer
// has "failure" (the name of an errc, with "text") or what was asked for.

namespace ensemble {

/// A connection to the runtime that owns a journal. Every call blocks until the answer is there,
/// or for `limit`. One thread at a time. Calls throw what the runtime's own functions throw, and
/// errc::unknown_outcome when the connection ends, or the time is over, before the answer came.
class control_client {
public:
  /// Throws errc::not_running when no runtime listens there (also for `memory:`, and for one that
  /// ended without removing its socket), errc::wrong_state when this user is not served.
  explicit control_client(const std::string& journal, duration limit = std::chrono::seconds(30));
  ~control_client();
  control_client(control_client&&) noexcept;
  control_client& operator=(control_client&&) noexcept;

  [[nodiscard]] operator_answer operate(const operator_word& word);
  [[nodiscard]] instance_report inspect(instance_id instance);
  /// At most 500 at a time.
  [[nodiscard]] stuck_instances stuck(std::size_t limit = 100, instance_id after = {});
  [[nodiscard]] runtime_stats stats();
  /// See runtime::nodes.
  [[nodiscard]] std::vector<node_status> nodes();

private:
  struct connection;
  std::unique_ptr<connection> connection_;
};

/// Takes operators' words while no runtime owns the journal. It holds the journal's lock as long as
/// it lives; the instances go on when a runtime is started next. One thread at a time.
class offline_operator {
public:
  /// `processes` are those that the runtime runs. Throws what open_journal throws
  /// (errc::journal_locked: a runtime is live, use control_client).
  offline_operator(const std::string& journal, const std::vector<process_definition>& processes);
  ~offline_operator();
  offline_operator(const offline_operator&) = delete;
  offline_operator& operator=(const offline_operator&) = delete;

  /// Both as in runtime; an instance runs under the version that was deployed when it began.
  /// Throw errc::bad_argument, errc::journal_full, and what a journal throws.
  [[nodiscard]] operator_answer operate(const operator_word& word);
  [[nodiscard]] stuck_instances stuck(std::size_t limit = 100, instance_id after = {});

private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

/// Tells how instances stand, from the journal's file alone. One thread at a time.
class instance_reader {
public:
  /// Throws as open_journal_reader does.
  instance_reader(const std::string& journal, const std::vector<process_definition>& processes);
  ~instance_reader();
  instance_reader(const instance_reader&) = delete;
  instance_reader& operator=(const instance_reader&) = delete;

  /// Throws errc::bad_argument when the journal holds no such instance of these processes.
  [[nodiscard]] instance_report inspect(instance_id instance);

private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace ensemble
