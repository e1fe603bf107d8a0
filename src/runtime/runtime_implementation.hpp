#pragma once

#include "model/thrown.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/control_service.hpp"
#include "runtime/log.hpp"
#include "runtime/neighbours.hpp"

#include <ensemble/runtime.hpp>

#include <caf/send.hpp>

namespace ensemble {

/// What a runtime consists of.
struct runtime::implementation {
  explicit implementation(runtime_options options)
      : env(std::make_shared<internal::environment>(std::move(options))) {}

  internal::environment_ptr env;
  std::unique_ptr<internal::neighbours> neighbours{}; ///< none: the runtime is alone
  std::function<void(const error&)> on_failure{};
  std::unique_ptr<internal::actor_house> house{};
  std::atomic<bool> stopped = false;
  std::unique_ptr<internal::control_socket> control{};

  /// Gives the command to its service. Returns why it was turned away (errc::overloaded,
  /// errc::journal_full); then the callback is not called.
  [[nodiscard]] std::optional<error> give(std::string_view service, message command,
                                          const send_options& options,
                                          const send_callback& callback);

  /// Becomes one of several nodes, if that is what the options say.
  void meet_neighbours();
  void leave_neighbours();

  /// Returns the caller's credit with the answer, whatever it is.
  decltype(internal::caller_command::callback) answer_to(const send_callback& callback) {
    return std::make_shared<internal::exactly_once<const receipt*, const error*>>(
        [this, callback](const receipt* got, const error* failure) {
          env->credits.leave();
          guarded([&] { callback(got, failure); });
          house->pending_callers().fetch_sub(1);
        },
        [](const auto& tell) {
          const error lost(errc::unknown_outcome,
                           "the runtime ended or failed before the outcome was known; send the "
                           "command again under the same idempotency key");
          tell(nullptr, &lost);
        });
  }

  /// Asks the operator desk; `told` gets the answer on a thread of the runtime.
  void ask(internal::desk_request request, decltype(internal::desk_request::callback) told) {
    request.callback = std::move(told);
    caf::anon_send(
        house->directory()->desk,
        internal::ask_desk{std::make_shared<internal::desk_request>(std::move(request))});
  }

  /// Tells the callback the part of the desk's answer that was asked for.
  template <class Part, class Callback>
  static decltype(internal::desk_request::callback) tell_part(Part internal::desk_answer::*part,
                                                              Callback callback) {
    return std::make_shared<internal::exactly_once<const internal::desk_answer*, const error*>>(
        [part, callback = std::move(callback)](const internal::desk_answer* got,
                                               const error* failure) {
          guarded([&] { callback(got ? &(got->*part) : nullptr, failure); });
        },
        [](const auto& tell) {
          const error lost(errc::unknown_outcome,
                           "the runtime ended or failed, or its operator desk was replaced, before "
                           "the answer was known; ask again under the same idempotency key");
          tell(nullptr, &lost);
        });
  }

  template <class F>
  static void guarded(F callback) {
    try {
      const internal::inside_handler guard;
      callback();
    } catch (...) {
      internal::log().error("a callback of the host program threw: {}", thrown_text());
    }
  }

  [[nodiscard]] const internal::subscription_state& find_subscription(std::string_view name) const {
    const auto at = env->subscriptions.find(name);
    if (at == env->subscriptions.end())
      throw error(errc::bad_argument, "there is no subscription '" + std::string(name) + "'");
    if (!internal::runs_here(*env, *at->second))
      throw error(errc::wrong_state,
                  "subscription '" + std::string(name) + "' runs on another node: ask there");
    return *at->second;
  }
  void must_be_new(const std::string& call) const {
    if (house || stopped) throw error(errc::wrong_state, call + " comes before start()");
  }
  /// An answer of another node may need the very thread that a callback holds.
  void must_not_wait_here(const std::string& call) const {
    if (!env->keeps_journal() && internal::inside_handler::active())
      throw error(errc::would_block, call + " asks another node here, which a handler or callback "
                                            "must not wait for");
  }
  void must_run(const std::string& call) const {
    if (!house) throw error(errc::wrong_state, call + " needs a runtime that was started");
    if (stopped) throw error(errc::wrong_state, call + ": the runtime was stopped");
    if (const auto failure = house->failure())
      throw error(errc::wrong_state, call + ": the runtime has failed: " + failure->what());
  }
};

} // namespace ensemble
