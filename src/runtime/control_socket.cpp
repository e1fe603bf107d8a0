#include "runtime/control_socket.hpp"

#include "model/thrown.hpp"
#include "runtime/clock.hpp"
#include "runtime/control_address.hpp"
#include "runtime/log.hpp"

#include <ensemble/error.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace ensemble::internal {

/// Where answers are put from other threads, and how the socket's thread is woken. It outlives the
/// socket while somebody still owes it an answer.
struct control_socket::mailbox {
  std::mutex mutex{};
  std::vector<std::pair<std::uint64_t, std::string>> replies{};
  bool stopping = false;
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  mailbox() = default;
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() {
    if (wake >= 0) ::close(wake);
  }

  void ring() const { (void)!::eventfd_write(wake, 1); }
  void put(std::uint64_t id, std::string reply) {
    {
      const std::lock_guard lock(mutex);
      if (stopping) return;
      replies.emplace_back(id, std::move(reply));
    }
    ring();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      replies.clear();
    }
    ring();
  }
  [[nodiscard]] bool stopped() {
    const std::lock_guard lock(mutex);
    return stopping;
  }
};

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw error(errc::wrong_state,
              "cannot listen at the control socket '" + path.string() + "': " + why);
}

[[nodiscard]] bool may_ask(int file) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

} // namespace

control_socket::control_socket(std::filesystem::path path, control_handler handler,
                               control_limits limits)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      limits_(limits),
      mailbox_(std::make_shared<mailbox>()) {
  if (mailbox_->wake < 0) fail(path_, std::strerror(errno));
  try {
    listen();
    thread_ = std::thread([this] { serve(); });
  } catch (...) {
    if (listener_ >= 0) ::close(listener_);
    throw;
  }
}

control_socket::~control_socket() {
  mailbox_->stop();
  thread_.join();
  for (const auto& [id, c] : connections_) ::close(c.file);
  struct stat now {};
  if (::lstat(path_.c_str(), &now) == 0 && S_ISSOCK(now.st_mode) && now.st_ino == inode_)
    ::unlink(path_.c_str());
  ::close(listener_);
}

void control_socket::listen() {
  const auto address = control_address::of(path_);
  if (!address) fail(path_, "its name is too long for the system; give the journal a shorter one");
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      fail(path_, "something that is no socket is in its place; move it away");
    ::unlink(path_.c_str());
  }
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // The file gets the mode that the socket has before it is bound: nobody else ever has a chance.
  if (listener_ < 0 || ::fchmod(listener_, S_IRUSR | S_IWUSR) != 0 ||
      ::bind(listener_, address->get(), control_address::size()) != 0 ||
      ::listen(listener_, 8) != 0 || ::lstat(path_.c_str(), &there) != 0)
    fail(path_, std::strerror(errno));
  inode_ = there.st_ino;
}

void control_socket::serve() {
  try {
    while (!mailbox_->stopped()) poll_once();
  } catch (...) {
    log().error("the control socket ends: {}", thrown_text());
  }
}

int control_socket::wait_limit(timestamp now) const {
  auto until = now + std::chrono::hours(1);
  if (accept_again_ > now) until = accept_again_;
  for (const auto& [id, c] : connections_)
    if (!c.waiting) until = std::min(until, c.since + limits_.idle);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void control_socket::poll_once() {
  const auto now = system_now();
  std::vector<pollfd> files{{mailbox_->wake, POLLIN, 0}};
  const bool accepts = connections_.size() < limits_.connections && accept_again_ <= now;
  files.push_back({listener_, static_cast<short>(accepts ? POLLIN : 0), 0});
  std::vector<std::uint64_t> ids;
  for (const auto& [id, c] : connections_) {
    // Who waits for an answer keeps its place even if it has gone: so what is asked is bounded.
    const short wanted = c.out.empty() ? POLLIN : POLLOUT;
    files.push_back({c.waiting ? -1 : c.file, wanted, 0});
    ids.push_back(id);
  }
  if (::poll(files.data(), files.size(), wait_limit(now)) < 0 && errno != EINTR)
    throw error(errc::wrong_state, std::string("poll: ") + std::strerror(errno));
  if (files[0].revents != 0) take_replies();
  const auto after = system_now();
  for (std::size_t n = 0; n < ids.size(); ++n) {
    auto& c = connections_.at(ids[n]);
    const bool late = !c.waiting && after - c.since >= limits_.idle;
    if (!late && handle(ids[n], c, files[n + 2].revents)) continue;
    ::close(c.file);
    connections_.erase(ids[n]);
  }
  if (accepts && files[1].revents != 0) accept_one();
}

void control_socket::accept_one() {
  const int file = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (file < 0) {
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
      accept_again_ = system_now() + std::chrono::milliseconds(100);
    return;
  }
  if (!may_ask(file)) {
    log().warn("the control socket was asked by another user, who is not served");
    ::close(file);
    return;
  }
  auto& c = connections_[next_id_++];
  c.file = file;
  c.since = system_now();
}

bool control_socket::handle(std::uint64_t id, connection& c, short events) {
  if ((events & (POLLERR | POLLNVAL)) != 0) return false;
  if (!c.out.empty()) {
    if (!send(c)) return false;
    if (c.ending && c.out.empty()) return false;
  } else if ((events & (POLLIN | POLLHUP)) != 0 && !receive(c)) {
    return false;
  }
  if (!c.waiting && c.out.empty()) ask(id, c);
  return true;
}

bool control_socket::receive(connection& c) {
  char bytes[4096];
  const auto got = ::recv(c.file, bytes, sizeof(bytes), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  c.in.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

/// Hands its next line to the handler, if one is complete.
void control_socket::ask(std::uint64_t id, connection& c) {
  const auto end = c.in.find('\n');
  if (std::min(end, c.in.size()) > limits_.line) {
    c.out = R"({"failure":"bad_message","text":"the line is longer than )" +
            std::to_string(limits_.line) + " bytes\"}\n";
    c.ending = true;
    return;
  }
  if (end == std::string::npos) return;
  const auto line = c.in.substr(0, end);
  c.in.erase(0, end + 1);
  c.waiting = true;
  handler_(line, [box = mailbox_, id](std::string reply) { box->put(id, std::move(reply)); });
}

bool control_socket::send(connection& c) {
  const auto sent = ::send(c.file, c.out.data(), c.out.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  c.out.erase(0, static_cast<std::size_t>(sent));
  if (c.out.empty()) c.since = system_now();
  return true;
}

void control_socket::take_replies() {
  eventfd_t rung = 0;
  (void)!::eventfd_read(mailbox_->wake, &rung);
  std::vector<std::pair<std::uint64_t, std::string>> replies;
  {
    const std::lock_guard lock(mailbox_->mutex);
    replies.swap(mailbox_->replies);
  }
  for (auto& [id, reply] : replies) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) continue; // it has gone away
    at->second.waiting = false;
    at->second.since = system_now();
    at->second.out = std::move(reply) + '\n';
  }
}

} // namespace ensemble::internal
