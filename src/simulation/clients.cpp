#include "simulation/clients.hpp"

#include <utility>

namespace ensemble::simulation {

namespace {

using namespace std::chrono_literals;

// Nothing was decided: asking again is all that a client can do.
bool may_be_asked_again(errc code) {
  return code != errc::unknown_service && code != errc::bad_message && code != errc::bad_argument;
}

} // namespace

clients::clients(std::uint64_t seed, std::vector<request> requests) : chance_(seed) {
  for (auto& r : requests) {
    client c;
    c.what = std::move(r);
    c.key = "request-" + std::to_string(all_.size() + 1);
    c.correlation = correlation_id::of(seed, all_.size() + 1);
    all_.push_back(std::move(c));
  }
}

void clients::act(runtime& to, timestamp now, bool eager) {
  for (auto& c : all_) {
    if (c.is == state::sent || c.not_before > now) continue;
    if (c.is == state::answered && (eager || !chance_.in_thousand(2))) continue;
    if (c.is == state::to_send && !eager && !chance_.in_thousand(300)) continue;
    send(c, to, now);
  }
}

void clients::send(client& c, runtime& to, timestamp now) {
  if (c.is == state::answered) --answered_;
  c.is = state::sent;
  const auto number = asked_.size();
  auto& asked = asked_.emplace_back();
  asked.service = c.what.service;
  asked.command = c.what.command.name();
  asked.idempotency_key = c.key;
  asked.id = caller_command_id(c.what.service, c.key);
  asked.asked = ++moment_;
  try {
    send_options how;
    how.idempotency_key = c.key;
    how.when_busy = when_busy::refuse;
    how.correlation = c.correlation;
    to.send(c.what.service, c.what.command, how,
            [this, &c, number, now](const receipt* got, const error* failure) {
              told(c, number, now, got, failure);
            });
  } catch (const error& e) {
    told(c, number, now, nullptr, &e);
  }
}

void clients::told(client& c, std::size_t number, timestamp now, const receipt* got,
                   const error* failure) {
  note_answer(asked_[number], got, failure, ++moment_);
  if (failure && may_be_asked_again(failure->code())) {
    c.is = state::to_send;
    c.not_before = now + chance_.between(1ms, 2s);
    return;
  }
  c.is = state::answered;
  ++answered_;
  c.not_before = now + 1s;
  if (failure)
    violations_.push_back("request " + c.key +
                          " is one that nobody could be sent: " + failure->what());
}

} // namespace ensemble::simulation
