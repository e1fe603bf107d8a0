#include "runtime/control_socket.hpp"

#include "runtime/bookshop.hpp"
#include "runtime/control_address.hpp"
#include "runtime/control_service.hpp"
#include "runtime/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <mutex>
#include <vector>

// Clients of the control socket that are hostile, broken or slow: bounded, and in nobody's way.

namespace {

using namespace std::chrono_literals;
using ensemble::internal::control_address;
using ensemble::internal::control_limits;
using ensemble::internal::control_reply;
using ensemble::internal::control_socket;
using ::testing::HasSubstr;

/// A plain client, of bytes. Reads give up after ten seconds.
class raw_client {
public:
  explicit raw_client(const std::string& path) {
    const auto address = control_address::of(path);
    const timeval limit{10, 0};
    (void)::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    connected = ::connect(file_, address->get(), control_address::size()) == 0;
  }
  ~raw_client() { ::close(file_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// False when the other side has closed, or takes no more.
  bool send(const std::string& bytes, int flags = 0) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const auto n = ::send(file_, bytes.data() + at, bytes.size() - at, flags | MSG_NOSIGNAL);
      if (n < 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  void end_sending() { ::shutdown(file_, SHUT_WR); }
  /// The next line, or what came before the connection ended.
  std::string line() {
    std::string text;
    for (char c = 0; ::recv(file_, &c, 1, 0) == 1 && c != '\n';) text += c;
    return text;
  }
  bool closed() {
    char c = 0;
    return ::recv(file_, &c, 1, 0) <= 0 && errno != EAGAIN;
  }
  bool connected = false;

private:
  int file_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

class ControlSocket : public testing::Test {
protected:
  void open(control_limits limits = {}) {
    socket_.emplace(
        path_, [](const std::string& line, const control_reply& reply) { reply("<" + line + ">"); },
        limits);
  }
  temporary_folder folder_{};
  std::string path_ = folder_.file("s.control");
  std::optional<control_socket> socket_{};
};

TEST_F(ControlSocket, AnswersLineByLineInOrder) {
  open();
  raw_client client(path_);
  client.send("one\ntwo\nth");
  client.send("ree\n");
  client.end_sending();
  EXPECT_EQ(client.line(), "<one>");
  EXPECT_EQ(client.line(), "<two>");
  EXPECT_EQ(client.line(), "<three>");
  EXPECT_TRUE(client.closed());
}

TEST_F(ControlSocket, ALineThatIsTooLongEndsItsConnectionOnly) {
  open();
  raw_client other(path_);
  raw_client client(path_);
  (void)client.send(std::string(65 * 1024, 'x'));
  EXPECT_THAT(client.line(), HasSubstr("bad_message"));
  EXPECT_TRUE(client.closed());
  other.send(std::string(64 * 1024, 'y') + "\n");
  EXPECT_EQ(other.line().size(), 64 * 1024 + 2U);
}

TEST_F(ControlSocket, HalfALineIsForgotten) {
  open();
  {
    raw_client client(path_);
    client.send("half");
  }
  raw_client client(path_);
  client.send("half");
  client.end_sending();
  EXPECT_TRUE(client.closed());
  raw_client whole(path_);
  whole.send("whole\n");
  EXPECT_EQ(whole.line(), "<whole>");
}

TEST_F(ControlSocket, WhoIsIdleMakesRoomForThoseWhoWait) {
  open({.connections = 2, .idle = 50ms});
  const raw_client silent(path_);
  raw_client slow(path_);
  slow.send("never ends");
  raw_client third(path_);
  third.send("served\n");
  EXPECT_EQ(third.line(), "<served>");
}

TEST_F(ControlSocket, ManyConnectionsAreServedInTheEnd) {
  open({.connections = 4});
  for (int round = 0; round < 100; ++round) {
    raw_client client(path_);
    ASSERT_TRUE(client.connected);
    client.send(std::to_string(round) + "\n");
    ASSERT_EQ(client.line(), "<" + std::to_string(round) + ">");
  }
}

TEST_F(ControlSocket, WhoNeverReadsHoldsNobodyUp) {
  socket_.emplace(
      path_,
      [](const std::string& line, const control_reply& reply) {
        reply(line == "much" ? std::string(8 << 20, 'z') : line);
      },
      control_limits{.connections = 4, .idle = 1s});
  raw_client deaf(path_);
  deaf.send("much\n");
  while (deaf.send("much\n", MSG_DONTWAIT)) // nobody reads what it goes on to ask
    if (raw_client other(path_); !other.send("hello\n") || other.line() != "hello") FAIL();
  raw_client other(path_);
  other.send("hello\n");
  EXPECT_EQ(other.line(), "hello");
}

TEST_F(ControlSocket, AnAnswerThatNeverComesHoldsUpNeitherOthersNorTheEnd) {
  std::mutex mutex;
  std::deque<control_reply> owed;
  socket_.emplace(path_, [&](const std::string& line, const control_reply& reply) {
    if (line == "later") {
      const std::lock_guard lock(mutex);
      owed.push_back(reply);
    } else {
      reply(line);
    }
  });
  raw_client patient(path_);
  patient.send("later\n");
  { raw_client(path_).send("later\n"); } // has gone when its answer comes
  raw_client other(path_);
  other.send("now\n");
  EXPECT_EQ(other.line(), "now");
  raw_client last(path_);
  for (bool both = false; !both;) {
    last.send("ping\n");
    EXPECT_EQ(last.line(), "ping");
    const std::lock_guard lock(mutex);
    both = owed.size() == 2;
    if (both)
      for (const auto& reply : owed) reply("at last");
  }
  EXPECT_EQ(patient.line(), "at last");
  patient.send("later\n");
  last.send("ping\n");
  EXPECT_EQ(last.line(), "ping");
  socket_.reset();
  EXPECT_TRUE(patient.closed());
  for (const auto& reply : owed) reply("to nobody"); // and nothing happens
}

TEST_F(ControlSocket, OnlyItsOwnUserAndRootAreServed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  open();
  std::filesystem::permissions(std::filesystem::path(path_).parent_path(),
                               std::filesystem::perms{0755});
  const auto served = [&] { // by a child that is somebody else: 1 yes, 0 no, 2 not even connected
    const auto child = ::fork();
    if (child == 0) {
      if (::setuid(65534) != 0) ::_exit(3);
      raw_client client(path_);
      if (!client.connected) ::_exit(2);
      (void)client.send("me\n");
      ::_exit(client.line() == "<me>" ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(served(), 2) << "the file's mode keeps others out";
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  EXPECT_EQ(served(), 0) << "and so does a look at who asks";
}

TEST_F(ControlSocket, AFileThatAnotherPutInItsPlaceStays) {
  open();
  std::filesystem::remove(path_);
  const raw_client nobody(path_);
  const int other = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(other, control_address::of(path_)->get(), control_address::size()), 0);
  socket_.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
  ::close(other);
}

// The protocol itself, against a live runtime.
class ControlProtocol : public testing::Test {
protected:
  ControlProtocol()
      : r_(bookshop::in_memory()), socket_(path_, ensemble::internal::serve_control(r_)) {
    bookshop::set_up(r_);
    r_.start();
  }
  std::string ask(const std::string& line) {
    client_.send(line + "\n");
    return client_.line();
  }
  temporary_folder folder_{};
  std::string path_ = folder_.file("s.control");
  ensemble::runtime r_;
  control_socket socket_;
  raw_client client_{path_};
};

TEST_F(ControlProtocol, WhatIsNoRequestIsAnsweredWithAFailure) {
  const std::string deep(2'000, '[');
  for (const std::string line :
       {"", "{", "17", "[]", "\"stats\"", "{\"command\":7}", "{\"command\":\"stats\"} x",
        "\xFF\xFE", "{\"command\":\"stats\",\"command\":\"stats\"}", deep.c_str()})
    EXPECT_THAT(ask(line), HasSubstr("\"failure\":\"bad_message\"")) << line;
  for (const std::string line :
       {"{}", R"({"command":"drop"})", R"({"command":"inspect","instance":"17"})",
        R"({"command":"inspect"})", R"({"command":"retry","instance":"","reason":"r"})",
        R"({"command":"retry","reason":"r","direction":"sideways"})",
        R"({"command":"stuck","after":"zz"})"})
    EXPECT_THAT(ask(line), HasSubstr("\"failure\":\"bad_argument\"")) << line;
  EXPECT_THAT(ask(R"({"command":"stats"})"), HasSubstr("\"events_appended\":0"));
}

TEST_F(ControlProtocol, WhatItDoesNotKnowInARequestIsIgnored) {
  EXPECT_THAT(ask(R"({"command":"stuck","limit":99999999,"colour":"red"})"),
              HasSubstr("\"stuck\":{\"instances\":[],\"more\":false}"));
}

TEST_F(ControlProtocol, AfterTheStopItSaysSo) {
  r_.stop();
  EXPECT_THAT(ask(R"({"command":"stuck"})"), HasSubstr("\"failure\":\"wrong_state\""));
}

} // namespace
