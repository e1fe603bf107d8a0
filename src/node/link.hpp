#pragma once

#include "node/link_figures.hpp"
#include "node/link_messages.hpp"
#include "node/session.hpp"
#include "runtime/base_actor.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ensemble::node {

inline constexpr std::string_view link_role = "link to a node";

/// A link on which more waits to be taken by the peer ends: CAF's own buffers have no bound. (What
/// stands in them goes with CAF's connection, which ends with the peer or its silence.) Whoever
/// sends keeps below it by credit.
inline constexpr std::uint64_t most_bytes_under_way = std::uint64_t{64} << 20;

/// One end of one connection: a session, whose frames it sends to the link at the other end and
/// takes from there. It ends with its connection; a later one has another link, so that nothing of
/// an earlier one reaches it. (So CAF lets go of it, too: it keeps every actor that has sent to
/// another node, until that actor ends.)
class link final : public internal::base_actor {
public:
  /// Who is at the other end, and behind this one.
  struct ends {
    /// The peer's link; of the side that joins, at first its gate.
    caf::actor peer{};
    caf::actor owner{};
    caf::actor joiner{};                     ///< of the side that joins
    std::shared_ptr<link_figures> figures{}; ///< of the side that is joined
  };
  /// `first` is what the session has to say already. Messages in frames come opaque, whoever knows
  /// their types: so one that cannot be read here is a matter of who reads it, not of the link.
  link(caf::actor_config& config, internal::environment_ptr env, session talk, session::step first,
       ends between);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void receive(const std::string& bytes);
  void take_frame(const std::string& bytes);
  void carry_out(session::step what);
  void say(std::string bytes);
  void count_taken(const frames_taken& by_peer);
  void tick();
  void finish_if_down();

  session session_;
  session::step first_;
  ends ends_;
  bool told_up_ = false;
  std::uint64_t sent_ = 0;     ///< bytes of frames
  std::uint64_t taken_ = 0;    ///< of those, by the peer
  std::uint64_t received_ = 0; ///< bytes of frames
  std::uint64_t told_ = 0;     ///< of those, told to the peer as taken
};

} // namespace ensemble::node
