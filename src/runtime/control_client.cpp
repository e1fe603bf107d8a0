#include <ensemble/control.hpp>

#include "runtime/control_address.hpp"
#include "runtime/control_messages.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ensemble {

using internal::control_answer;
using internal::control_request;

namespace {

/// An answer holds one message of at most 1 MiB.
constexpr std::size_t longest_answer = std::size_t{2} << 20;

error not_running(const std::string& journal, const std::string& why) {
  return {errc::not_running, "no runtime is live for journal '" + journal + "' (" + why +
                                 "): start it, or give the word offline"};
}

} // namespace

struct control_client::connection {
  int file = -1;

  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    if (file >= 0) ::close(file);
  }

  void open(const std::string& journal, duration limit) {
    if (journal == "memory:") throw not_running(journal, "a journal in memory has no socket");
    const auto path = internal::control_path(journal);
    const auto address = internal::control_address::of(path);
    if (!address) throw not_running(journal, "the name of its socket would be too long");
    file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    const timeval wait{us / 1'000'000, us % 1'000'000};
    (void)::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)::setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (::connect(file, address->get(), internal::control_address::size()) == 0) return;
    if (errno == ENOENT || errno == ECONNREFUSED)
      throw not_running(journal, "nobody listens at '" + path.string() + "'");
    throw error(errc::wrong_state, "cannot connect to the control socket '" + path.string() +
                                       "': " + std::strerror(errno));
  }

  [[nodiscard]] static error lost(const std::string& why) {
    return {errc::unknown_outcome, "the control socket gave no answer (" + why +
                                       "): ask again, under the same idempotency key"};
  }

  control_answer ask(control_request request) {
    auto line = message(std::move(request)).text() + '\n';
    while (!line.empty()) {
      const auto sent = ::send(file, line.data(), line.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) throw lost(std::strerror(errno));
      line.erase(0, static_cast<std::size_t>(sent));
    }
    auto answered = message::decode(type_of<control_answer>(), receive());
    const auto& answer = answered.as<control_answer>();
    if (!answer.failure.empty()) throw failure_of(answer);
    return answer;
  }

  std::string receive() {
    std::string line;
    char bytes[4096];
    while (line.size() < longest_answer) {
      const auto got = ::recv(file, bytes, sizeof(bytes), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw lost(std::strerror(errno));
      if (got == 0) throw lost("it was closed");
      line.append(bytes, static_cast<std::size_t>(got));
      if (!line.ends_with('\n')) continue;
      line.pop_back();
      return line;
    }
    throw lost("its answer does not end");
  }
};

control_client::control_client(const std::string& journal, duration limit)
    : connection_(std::make_unique<connection>()) {
  connection_->open(journal, limit);
}

control_client::~control_client() = default;
control_client::control_client(control_client&&) noexcept = default;
control_client& control_client::operator=(control_client&&) noexcept = default;

operator_answer control_client::operate(const operator_word& word) {
  const auto answer = connection_->ask(internal::told(word));
  if (!answer.operated) throw connection::lost("its answer is to something else");
  return internal::heard(*answer.operated);
}

instance_report control_client::inspect(instance_id instance) {
  control_request request;
  request.command = "inspect";
  request.instance = to_string(instance);
  const auto answer = connection_->ask(std::move(request));
  if (!answer.report) throw connection::lost("its answer is to something else");
  return internal::heard(*answer.report);
}

stuck_instances control_client::stuck(std::size_t limit, instance_id after) {
  control_request request;
  request.command = "stuck";
  request.limit = limit;
  if (after) request.after = to_string(after);
  const auto answer = connection_->ask(std::move(request));
  if (!answer.stuck) throw connection::lost("its answer is to something else");
  return internal::heard(*answer.stuck);
}

runtime_stats control_client::stats() {
  control_request request;
  request.command = "stats";
  const auto answer = connection_->ask(std::move(request));
  if (!answer.stats) throw connection::lost("its answer is to something else");
  return *answer.stats;
}

std::vector<node_status> control_client::nodes() {
  control_request request;
  request.command = "nodes";
  auto answer = connection_->ask(std::move(request));
  if (!answer.nodes) throw connection::lost("its answer is to something else");
  return std::move(*answer.nodes);
}

} // namespace ensemble
