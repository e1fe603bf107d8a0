#include "runtime/journal_syncer.hpp"

#include "model/planted_bug.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <chrono>

namespace ensemble::internal {

namespace {
const auto sync_now_and_then = caf::atom("sync");
/// Also what nobody waits for is not long without it.
constexpr auto sync_every = std::chrono::milliseconds(20);
} // namespace

journal_syncer::journal_syncer(caf::actor_config& config, environment_ptr env, journal& of,
                               caf::actor supervisor)
    : base_actor(config, std::move(env), std::string(syncer_role)), journal_(of) {
  supervisor_ = std::move(supervisor);
  set_exit_handler([this](caf::exit_msg& m) {
    // Whoever waits for the last commits is still told.
    if (m.reason != caf::exit_reason::kill) sync();
    quit(m.reason);
  });
}

caf::behavior journal_syncer::make_behavior() {
  sync(); // what a predecessor was told of
  delayed_send(this, sync_every, sync_now_and_then);
  return {
      [this](const sync_journal&) { sync(); },
      [this](caf::atom_value) {
        delayed_send(this, sync_every, sync_now_and_then);
        sync();
      },
      [](const directory_changed&) {},
  };
}

void journal_syncer::sync() {
  auto& gate = env().gate;
  const auto ended = gate.sync_begins();
  if (failed_ || ended == gate.durable()) return;
  try {
    if (!ENSEMBLE_PLANTED(sync_left_out)) journal_.sync();
    gate.made_durable(ended);
  } catch (const error& e) {
    // Fail-stop: nobody is told of what may be lost.
    failed_ = true;
    log().critical("the journal failed: {}", e.what());
    send(supervisor_, runtime_failed{std::make_shared<error>(e)});
  }
}

} // namespace ensemble::internal
