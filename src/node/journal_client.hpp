#pragma once

#include "node/command_exchange.hpp"
#include "node/link_messages.hpp"
#include "runtime/base_actor.hpp"

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace ensemble::node {

inline constexpr std::string_view journal_client_role = "journal client";

/// A question to the journal's node, and where its answer goes: a frame with the same tag; or an
/// error, errc::journal_failed, when this side ends before it came.
struct journal_question {
  std::uint64_t tag = 0;
  std::string bytes{}; ///< the encoded frame
  /// Of the frame, or of the answer, whatever is more: so much of the link it takes.
  std::size_t cost = 0;
  std::promise<frame> answer{};
};
/// To the client: gives `take` what the journal holds behind `seen`, in journal order, each event
/// once.
struct follow_journal {
  position seen{};
  std::function<void(std::vector<recorded_event>)> take{};
};
/// To the client. Questions are asked in the order in which they come.
struct ask_journal {
  std::shared_ptr<journal_question> what{};
};

/// A node's side of the link to the journal's node: asks, and takes the answers and the committed
/// events; gives commands for services elsewhere, and takes those for the services here, once it
/// knows where they are (internal::directory_changed). A question that was asked over a link which
/// broke is asked again over the next one: an append is known as a repeat there, unless it is of
/// books alone, and is applied again then. (The gate lets nobody in again before the last of an
/// earlier link was taken or dropped, so nothing old comes behind anything new.) Over one link
/// nothing is asked twice: it loses nothing but by ending.
class journal_client final : public internal::base_actor {
public:
  journal_client(caf::actor_config& config, internal::environment_ptr env);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void ask(const std::shared_ptr<journal_question>& what);
  void ask_more();
  void receive(frame& what);
  void answered(std::uint64_t tag, frame& what);
  void committed(committed_events& what);
  void follow_from_here();
  void introduce();
  void directory_changed(const internal::directory_changed& change);
  void say_bytes(std::string bytes);

  caf::actor link_{};            ///< none: there is no connection
  std::uint64_t connection_ = 0; ///< how many there have been
  command_exchange commands_;
  /// Without an answer, in the order in which they came, and their numbers in it by their tags.
  std::map<std::uint64_t, std::shared_ptr<journal_question>> open_{};
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_{};
  std::uint64_t came_ = 0;
  std::uint64_t asked_up_to_ = 0; ///< of those, over this link
  std::size_t under_way_ = 0;     ///< what those cost
  position seen_{};
  std::function<void(std::vector<recorded_event>)> take_{}; ///< none: nobody follows
  std::uint32_t credit_ = 0;
};

} // namespace ensemble::node

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::follow_journal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::ask_journal)
