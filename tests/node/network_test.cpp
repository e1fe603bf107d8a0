// Nodes over CAF's network layer: who gets in by TCP and by TLS, and what strangers can do.

#include "journal/support.hpp"
#include "node/network.hpp"
#include "node/nodes.hpp"

#include <caf/all.hpp>
#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace node_tests {

using namespace ensemble;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

/// Who is up, told by the owners of links; tests wait for it.
class up_count {
public:
  void change(int by) {
    const std::lock_guard lock(mutex_);
    count_ += by;
    if (by < 0) ++downs_;
    changed_.notify_all();
  }
  [[nodiscard]] bool becomes(int count, std::chrono::seconds limit = 20s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return count_ == count; });
  }
  [[nodiscard]] int now() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  /// How many links have ended.
  [[nodiscard]] int downs() {
    const std::lock_guard lock(mutex_);
    return downs_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  int downs_ = 0;
};

class counting_owner final : public internal::base_actor {
public:
  counting_owner(caf::actor_config& config, internal::environment_ptr env, up_count& count,
                 bool ends)
      : base_actor(config, std::move(env), "owner"), count_(count), ends_(ends) {}

protected:
  caf::behavior make_behavior() override {
    return {[this](const node::link_up&) { count_.change(1); }, [](const node::link_received&) {},
            [this](const node::link_down&) {
              count_.change(-1);
              if (ends_) quit();
            }};
  }

private:
  up_count& count_;
  bool ends_; ///< with its link
};

/// One node of this process, with an actor system of its own.
class network_node {
public:
  network_node(node::network_settings settings, std::uint64_t incarnation)
      : settings_(std::move(settings)), own_(named(settings_.node, incarnation)) {
    own_.heartbeat = 200ms;
    own_.silence = settings_.silence;
    node::load_network(config_, settings_);
    system_.emplace(config_);
    house_.emplace(*system_, env_);
  }

  /// Port 0: at one that is free.
  std::uint16_t listen(const std::string& host = "127.0.0.1", std::uint16_t port = 0) {
    gate_ = house_->spawn<node::gate>(
        own_, [this] { return system_->spawn<counting_owner>(env_, up, true); });
    return node::listen(gate_, {host, port}, settings_);
  }
  void join(std::uint16_t port, const std::string& host = "127.0.0.1") {
    const auto owner = house_->spawn<counting_owner>(up, false);
    house_->spawn<node::joiner>(own_, node::find_at({host, port}, settings_), owner);
  }

  up_count up{};

private:
  node::network_settings settings_;
  node::session_settings own_;
  std::shared_ptr<internal::environment> env_ =
      std::make_shared<internal::environment>(runtime_options{});
  caf::actor_system_config config_{};
  std::optional<caf::actor_system> system_{};
  caf::actor gate_{};
  std::optional<household> house_{};
};

node::network_settings plain(const std::string& name) { return {name, std::nullopt, 2s}; }

/// Shell, in a directory of its own: the program `openssl` is what a stranger uses.
class workshop {
public:
  [[nodiscard]] int run(const std::string& command) const {
    const auto whole = "cd '" + directory_.path().string() + "' && { " + command + "; } >log 2>&1";
    return std::system(whole.c_str());
  }
  void make_certificates(const std::string& folder, const std::string& nodes) const {
    ASSERT_EQ(run("'" ENSEMBLE_SOURCE_DIR "/scripts/certificates' " + folder + " " + nodes), 0)
        << log();
  }
  [[nodiscard]] std::string log() const {
    std::ifstream from(directory_.file("log"));
    return {std::istreambuf_iterator<char>(from), {}};
  }
  [[nodiscard]] node::network_settings tls(const std::string& folder,
                                           const std::string& node) const {
    const auto file = [&](const std::string& name) { return directory_.file(folder + "/" + name); };
    return {node, tls_files{file("ca.pem"), file(node + ".pem"), file(node + ".key")}, 2s};
  }

private:
  journal_tests::temporary_directory directory_;
};

/// A connection of somebody who speaks another language.
class raw_socket {
public:
  explicit raw_socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  raw_socket(raw_socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  raw_socket(const raw_socket&) = delete;
  raw_socket& operator=(const raw_socket&) = delete;
  ~raw_socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  void say(const std::string& bytes) const {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

private:
  int fd_;
  bool connected_ = false;
};

#if defined(__clang__)
constexpr bool sanitized = __has_feature(address_sanitizer);
#elif defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

std::size_t resident_bytes() {
  std::ifstream from("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  from >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Network, NodesOfOneMachineMeetInPlainText) {
  network_node keeper(plain("journal"), 1);
  network_node worker(plain("w1"), 2);
  worker.join(keeper.listen());
  EXPECT_TRUE(keeper.up.becomes(1));
  EXPECT_TRUE(worker.up.becomes(1));
}

TEST(Network, ANodeThatGoesIsDownAndOneThatComesIsFound) {
  network_node worker(plain("w1"), 2);
  std::uint16_t port = 0;
  {
    network_node keeper(plain("journal"), 1);
    port = keeper.listen();
    worker.join(port);
    ASSERT_TRUE(worker.up.becomes(1));
  }
  EXPECT_TRUE(worker.up.becomes(0));
  network_node again(plain("journal"), 3);
  (void)again.listen("127.0.0.1", port);
  EXPECT_TRUE(worker.up.becomes(1));
}

TEST(Network, NodesWithCertificatesOfOneAuthorityMeet) {
  workshop files;
  files.make_certificates("certs", "journal w1 w2");
  network_node keeper(files.tls("certs", "journal"), 1);
  const auto port = keeper.listen();
  network_node one(files.tls("certs", "w1"), 2);
  network_node other(files.tls("certs", "w2"), 3);
  one.join(port);
  other.join(port);
  EXPECT_TRUE(keeper.up.becomes(2)) << keeper.up.now();
}

TEST(Network, AStrangerIsRefusedAndTheNodeUnharmed) {
  workshop files;
  files.make_certificates("certs", "journal w1");
  files.make_certificates("others", "w1");
  network_node keeper(files.tls("certs", "journal"), 1);
  const auto port = keeper.listen();
  const auto at = "-connect 127.0.0.1:" + std::to_string(port);

  network_node foreign(files.tls("others", "w1"), 2);
  foreign.join(port);
  network_node plain_text(plain("w1"), 3);
  plain_text.join(port);
  // A handshake that is through would let it read the session's end.
  const auto ends = [&](const std::string& how) {
    return files.run("sleep 1 | timeout 10 openssl s_client -quiet -no_ign_eof -verify_quiet " +
                     at + " " + how);
  };
  EXPECT_EQ(ends("-cert certs/w1.pem -key certs/w1.key"), 0)
      << "so it is the stranger, and not the program, that is refused: " << files.log();
  EXPECT_NE(ends(""), 0) << "without a certificate: " << files.log();
  EXPECT_THAT(files.log(), HasSubstr("alert"));
  EXPECT_NE(ends("-cert others/w1.pem -key others/w1.key"), 0) << files.log();
  EXPECT_THAT(files.log(), HasSubstr("alert"));
  EXPECT_NE(ends("-tls1_1 -cipher DEFAULT@SECLEVEL=0 -cert certs/w1.pem -key certs/w1.key"), 0)
      << files.log();
  EXPECT_THAT(files.log(), HasSubstr("alert")) << "the node has refused it";
  for (const auto& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(4096, '\0'),
        std::string(4096, '\xff'), std::string("\x16\x03\x01\xff\xff", 5), std::string(1, '\x16')})
    raw_socket(port).say(bytes);

  EXPECT_EQ(keeper.up.now(), 0);
  EXPECT_EQ(foreign.up.now(), 0);
  EXPECT_EQ(plain_text.up.now(), 0);
  network_node worker(files.tls("certs", "w1"), 4);
  worker.join(port);
  EXPECT_TRUE(keeper.up.becomes(1)) << "who belongs there still gets in";
}

// OpenSSL's errors are of a thread, and all connections of a node are in one.
TEST(Network, WhoBreaksOffEndsNoOtherConnection) {
  workshop files;
  files.make_certificates("certs", "journal w1 w2");
  network_node keeper(files.tls("certs", "journal"), 1);
  const auto port = keeper.listen();
  network_node worker(files.tls("certs", "w1"), 2);
  worker.join(port);
  ASSERT_TRUE(keeper.up.becomes(1));
  ASSERT_TRUE(worker.up.becomes(1));
  for (int n = 0; n < 3; ++n) {
    // Killed after its handshake, it says no goodbye.
    (void)files.run("sleep 1 | timeout -s KILL 0.3 openssl s_client -quiet -connect 127.0.0.1:" +
                    std::to_string(port) + " -cert certs/w2.pem -key certs/w2.key");
    raw_socket(port).say("no TLS at all, and gone");
  }
  std::this_thread::sleep_for(500ms); // some heartbeats
  EXPECT_EQ(worker.up.downs(), 0);
  EXPECT_EQ(keeper.up.now(), 1);
}

TEST(Network, AThousandHalfOpenConnectionsAreNoHarm) {
  workshop files;
  files.make_certificates("certs", "journal w1");
  network_node keeper(files.tls("certs", "journal"), 1);
  const auto port = keeper.listen();
  const auto open_and_close = [&] {
    std::vector<raw_socket> half_open;
    for (int n = 0; n < 1000; ++n) half_open.emplace_back(port);
    std::this_thread::sleep_for(500ms);
    network_node worker(files.tls("certs", "w1"), 2);
    worker.join(port);
    EXPECT_TRUE(keeper.up.becomes(1)) << "beside them";
    EXPECT_TRUE(worker.up.becomes(1));
  };
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      open_and_close();
      ASSERT_TRUE(keeper.up.becomes(0));
    }
  };
  if (sanitized) return rounds(1); // it keeps what is freed, and is slow
  rounds(3); // until the allocator has what it keeps
  const auto before = resident_bytes();
  rounds(2);
  const auto after = resident_bytes();
  RecordProperty("grown", std::to_string(after) + " from " + std::to_string(before));
  EXPECT_LT(after, before + (std::size_t{8} << 20)) << before << " to " << after;
}

TEST(Network, WhatOtherMachinesReachNeedsTls) {
  for (const auto* host : {"0.0.0.0", "::", "192.168.1.7", "example.org", "::ffff:127.0.0.1"}) {
    const node::address where{host, 7700};
    const auto refused =
        journal_tests::error_of([&] { node::check_reachable(where, plain("w1")); });
    EXPECT_EQ(refused.code(), errc::bad_argument) << host;
    EXPECT_THAT(refused.what(), HasSubstr("scripts/certificates"));
    auto with_tls = plain("w1");
    with_tls.tls.emplace();
    EXPECT_NO_THROW(node::check_reachable(where, with_tls)) << host;
  }
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
    EXPECT_NO_THROW(node::check_reachable({host, 7700}, plain("w1"))) << host;
  network_node keeper(plain("journal"), 1);
  EXPECT_EQ(journal_tests::error_of([&] { (void)keeper.listen("0.0.0.0"); }).code(),
            errc::bad_argument);
}

TEST(Network, WhereNobodyCanListenIsTold) {
  network_node keeper(plain("journal"), 1);
  const auto taken = keeper.listen();
  network_node second(plain("other"), 2);
  const auto refused = journal_tests::error_of([&] { (void)second.listen("127.0.0.1", taken); });
  EXPECT_EQ(refused.code(), errc::bad_argument);
  EXPECT_THAT(refused.what(), HasSubstr("127.0.0.1:" + std::to_string(taken)));
}

TEST(Network, AddressesAreReadAndWritten) {
  const std::vector<std::pair<std::string, node::address>> fine{
      {"127.0.0.1:7700", {"127.0.0.1", 7700}},
      {"localhost:0", {"localhost", 0}},
      {"[::1]:65535", {"::1", 65535}},
      {"node-1.example.org:1", {"node-1.example.org", 1}}};
  for (const auto& [text, where] : fine) {
    EXPECT_EQ(node::parse_address(text), where);
    EXPECT_EQ(node::to_string(where), text);
  }
  for (const auto* text : {"", ":", "127.0.0.1", "127.0.0.1:", ":7700", "h:65536", "h:-1", "h:1x",
                           "::1:7700", "[::1]", "[]:1", "[h]:1", "a b:1", "h:+1"}) {
    const auto refused = journal_tests::error_of([&] { (void)node::parse_address(text); });
    EXPECT_EQ(refused.code(), errc::bad_argument) << text;
    EXPECT_THAT(refused.what(), HasSubstr("HOST:PORT")) << text;
  }
}

} // namespace

} // namespace node_tests
