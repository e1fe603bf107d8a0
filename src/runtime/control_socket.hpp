#pragma once

#include <ensemble/identity.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace ensemble::internal {

using duration = std::chrono::nanoseconds;

/// Takes the answer to one line. May be called on any thread, once, also when the socket is gone.
using control_reply = std::function<void(std::string)>;
/// Answers a line, now or later. Must not block: it runs on the socket's own thread.
using control_handler = std::function<void(const std::string& line, control_reply reply)>;

struct control_limits {
  std::size_t connections = 16; ///< more wait until one ends
  std::size_t line = 64 * 1024; ///< bytes of a request; a longer one ends its connection
  duration idle = std::chrono::seconds(30); ///< without a whole request, or with an answer unread
};

/// A Unix socket on which lines are asked and answered, one at a time for each connection, by a
/// thread of its own. Everything that a client can make it hold is bounded, and no client can make
/// it wait. Only root and the user that runs the program are served.
class control_socket {
public:
  /// Listens at the path. A socket that is there already is a dead program's, since the journal's
  /// lock is ours, and is removed. Throws errc::wrong_state for anything else that is there, and
  /// when the path cannot be listened at.
  control_socket(std::filesystem::path path, control_handler handler, control_limits limits = {});
  /// Ends the thread and every connection, and removes the file.
  ~control_socket();
  control_socket(const control_socket&) = delete;
  control_socket& operator=(const control_socket&) = delete;

private:
  struct connection {
    int file = -1;
    std::string in{};
    std::string out{};
    bool waiting = false; ///< for the answer to its line
    bool ending = false;  ///< with the answer
    timestamp since{};    ///< when it was accepted, or answered last
  };
  struct mailbox;

  void listen();
  void serve();
  void poll_once();
  [[nodiscard]] int wait_limit(timestamp now) const;
  void accept_one();
  /// False: it is to be closed.
  [[nodiscard]] bool handle(std::uint64_t id, connection& c, short events);
  [[nodiscard]] bool receive(connection& c);
  [[nodiscard]] static bool send(connection& c);
  void ask(std::uint64_t id, connection& c);
  void take_replies();

  const std::filesystem::path path_;
  const control_handler handler_;
  const control_limits limits_;
  int listener_ = -1;
  std::uint64_t inode_ = 0;
  timestamp accept_again_{}; ///< after the system had no room for another connection
  std::shared_ptr<mailbox> mailbox_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, connection> connections_{};
  std::thread thread_{};
};

} // namespace ensemble::internal
