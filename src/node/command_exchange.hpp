#pragma once

#include "node/link_messages.hpp"
#include "node/service_stand_in.hpp"
#include "runtime/base_actor.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ensemble::node {

/// The commands that go over one link, in both directions. A part of the actor that owns the link,
/// which passes on what the peer says (`receive`) and adds `handlers` to its own.
///
/// It remembers who asked for an answer, and nothing else: what is lost with a link is asked again
/// by whoever needs it, and is known by its id.
class command_exchange {
public:
  /// `now` is the actor's own directory, none until it is known; `say` is to send an encoded
  /// frame to the peer, or to drop it if there is no link.
  command_exchange(internal::base_actor& self, const internal::environment& env,
                   const internal::directory_ptr& now, std::function<void(std::string)> say);

  /// What actors of this node say: commands for the peer, and answers to those of the peer.
  [[nodiscard]] caf::message_handler handlers();
  /// Whether that is a matter of commands; then it has been dealt with. Commands wait until the
  /// first directory is known.
  [[nodiscard]] bool receive(frame& what);
  /// The directory is known now.
  void begin();
  /// The link is over.
  void clear();

private:
  void give(const give_elsewhere& what);
  void say(const command_told& what);
  void say_failed(instance_id instance, command_id id, const std::string& why);
  void take(command_asked& what);
  void refuse(const command_asked& what, const error& why);
  void told(command_told& what);
  [[nodiscard]] internal::command_answer readable(const internal::command_answer& from) const;

  internal::base_actor* self_;
  const internal::environment* env_;
  const internal::directory_ptr* directory_;
  std::function<void(std::string)> say_;
  std::vector<command_asked> early_{};
  std::unordered_multimap<command_id, caf::actor> asked_{}; ///< who waits for the peer's answer
};

} // namespace ensemble::node
