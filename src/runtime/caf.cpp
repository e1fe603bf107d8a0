#include <ensemble/caf.hpp>

#include "model/thrown.hpp"
#include "runtime/runtime_access.hpp"

#include <caf/all.hpp>

namespace ensemble {

void use_actor_system(runtime& r, caf::actor_system& system) {
  runtime_access::set_actor_system(r, system);
}

namespace {

/// Calls `act`; what it throws is given to `refuse` as an error.
template <class Act, class Refuse>
void without_throwing(Act act, Refuse refuse) {
  try {
    act();
  } catch (const error& e) {
    refuse(e);
  } catch (...) {
    refuse(error(errc::handler_failed, thrown_text()));
  }
}

} // namespace

void send_from(const caf::actor& self, runtime& r, std::string_view service, message command,
               send_options options, std::uint64_t tag) {
  options.when_busy = when_busy::refuse;
  const auto tell = [self, tag](const receipt* got, const error* failure) {
    command_receipt answer{tag, {}, {}};
    if (got) answer.result = *got;
    if (failure) answer.failure = *failure;
    caf::anon_send(self, std::move(answer));
  };
  without_throwing([&] { r.send(service, std::move(command), std::move(options), tell); },
                   [&](const error& why) { tell(nullptr, &why); });
}

void await_from(const caf::actor& self, runtime& r, const receipt& of, duration timeout,
                std::uint64_t tag) {
  const auto tell = [self, tag](const outcome& o) {
    caf::anon_send(self, process_outcome{tag, o});
  };
  without_throwing([&] { r.await(of, timeout, tell); },
                   [&](const error& why) {
                     tell({outcome_kind::unknown, why.what(), {}});
                   });
}

caf::group topic_group(runtime& r, std::string_view topic) {
  return runtime_access::topic_group(r, topic);
}

void read_topic(const caf::actor& self, runtime& r, std::string_view which, position after) {
  const auto tell = [self](topic_events m) { caf::anon_send(self, std::move(m)); };
  const std::string name(which);
  without_throwing([&] { runtime_access::read_topic(r, which, after, tell); },
                   [&](const error&) {
                     tell(topic_events(name, {after, after, after, true, true}, {}, {}));
                   });
}

namespace detail {

hosted_actor::hosted_actor(std::string service, std::function<caf::actor()> spawn, duration within)
    : service_(std::move(service)), spawn_(std::move(spawn)), within_(within) {
  if (!spawn_ || within_ <= duration{})
    throw error(errc::bad_definition, "service '" + service_ +
                                          "': needs a function that spawns its actor, and a time "
                                          "above zero within which it answers");
}

void hosted_actor::give(caf::message what) {
  const std::lock_guard lock(mutex_);
  if (!actor_ || *gone_) {
    actor_ = spawn_();
    if (!actor_)
      throw error(errc::handler_failed, "service '" + service_ + "' has no actor to ask");
    gone_ = std::make_shared<std::atomic<bool>>(false);
    actor_->attach_functor([gone = gone_] { *gone = true; });
  }
  caf::anon_send(actor_, std::move(what));
}

error hosted_actor::late() const {
  const auto within = std::chrono::duration_cast<std::chrono::milliseconds>(within_).count();
  return {errc::handler_failed, "the actor of service '" + service_ + "' did not answer within " +
                                    std::to_string(within) + " ms"};
}

error hosted_actor::dropped() const {
  return {errc::handler_failed,
          "the actor of service '" + service_ + "' died, or dropped the command without an answer"};
}

} // namespace detail
} // namespace ensemble
