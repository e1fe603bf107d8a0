// What a link between two nodes costs, over TCP on loopback: appends to the journal of the other
// node, and events followed from there; beside it the same bytes sent to and fro between bare CAF
// actors over the same network. Both nodes live in this process, each with an actor system of its
// own. With --certificates also by mutual TLS.
//
//   bench_links [--runs N] [--seconds S] [--under-way N] [--events N] [--certificates DIR]
//               [--json FILE]
//
// DIR: as scripts/certificates DIR journal w1 makes it.

#include "common/report.hpp"
#include "node/gate.hpp"
#include "node/journal_client.hpp"
#include "node/journal_guest.hpp"
#include "node/network.hpp"
#include "runtime/bus.hpp"
#include "runtime/journal_writer.hpp"

#include <caf/all.hpp>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

/// A message to the other end and back.
struct trip {
  std::shared_ptr<std::promise<void>> back{};
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(trip)

namespace {

using namespace ensemble;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct settings {
  std::size_t runs = 5;
  double seconds = 1;
  std::size_t under_way = 1000;
  std::size_t events = 100'000;
  std::string certificates{};
  std::string json{};
};

/// One end: an actor system with the network, and an environment for the actors of a node.
class node_end {
public:
  explicit node_end(node::network_settings settings) : network(std::move(settings)) {
    config_.set("scheduler.policy", caf::atom("sharing"));
    config_.set("scheduler.max-threads", std::size_t{2});
    node::load_network(config_, network);
    system_.emplace(config_);
  }
  node_end(const node_end&) = delete;
  node_end& operator=(const node_end&) = delete;
  ~node_end() {
    for (const auto& one : owned_) caf::anon_send_exit(one, caf::exit_reason::kill);
  }

  caf::actor own(caf::actor one) { return owned_.emplace_back(std::move(one)); }
  template <class Actor, class... Args>
  caf::actor spawn(Args&&... args) {
    return own(system_->spawn<Actor>(env, std::forward<Args>(args)...));
  }
  [[nodiscard]] caf::actor_system& system() noexcept { return *system_; }

  const node::network_settings network;
  const std::shared_ptr<internal::environment> env =
      std::make_shared<internal::environment>(runtime_options{});

private:
  caf::actor_system_config config_{};
  std::optional<caf::actor_system> system_{};
  std::vector<caf::actor> owned_{};
};

node::network_settings network_of(const std::string& name, const std::string& certificates) {
  node::network_settings made{name};
  if (!certificates.empty())
    made.tls = {certificates + "/ca.pem", certificates + "/" + name + ".pem",
                certificates + "/" + name + ".key"};
  return made;
}

node::session_settings named(const std::string& name, std::uint64_t incarnation) {
  return {"bench", name, node::incarnation_id::of(incarnation, 1), {}};
}

append_request order_event(std::uint64_t number) {
  new_event e;
  e.id = event_id::of(number, 1);
  e.body = message::opaque("order_placed", 1, "{\"text\":\"" + std::string(150, 'x') + "\"}");
  append_request made;
  made.streams.push_back(
      {"order-" + std::to_string(number % 1024), expected_version::any(), {std::move(e)}});
  return made;
}

/// Asks, and returns what becomes ready with the answer.
using ask_function = std::function<std::function<void()>()>;

/// Answers a second, always so many under way.
double rate_of(const settings& wanted, const ask_function& ask) {
  std::deque<std::function<void()>> asked;
  while (asked.size() < wanted.under_way) asked.push_back(ask());
  std::uint64_t answers = 0;
  const auto turn = [&] {
    asked.front()();
    asked.pop_front();
    asked.push_back(ask());
    ++answers;
  };
  for (std::size_t n = 0; n < 2 * wanted.under_way; ++n) turn();
  answers = 0;
  const auto start = clock_type::now();
  while (clock_type::now() - start < std::chrono::duration<double>(wanted.seconds)) turn();
  const auto took = std::chrono::duration<double>(clock_type::now() - start).count();
  for (auto& one : asked) one();
  return static_cast<double>(answers) / took;
}

/// Milliseconds of the one in the middle, and of the slowest of a hundred, one at a time.
std::pair<double, double> latencies(const settings& wanted, const ask_function& ask) {
  std::vector<double> all;
  const auto start = clock_type::now();
  while (clock_type::now() - start < std::chrono::duration<double>(wanted.seconds)) {
    const auto asked = clock_type::now();
    ask()();
    all.push_back(std::chrono::duration<double, std::milli>(clock_type::now() - asked).count());
  }
  std::ranges::sort(all);
  return {all[all.size() / 2], all[all.size() * 99 / 100]};
}

/// Both ends of a bare connection: an actor that sends back what it gets, and one that waits for it
/// in order.
class bare_link {
public:
  explicit bare_link(const std::string& certificates)
      : keeper_(network_of("journal", certificates)), worker_(network_of("w1", certificates)) {
    const auto echo = keeper_.own(keeper_.system().spawn([](caf::event_based_actor* self) {
      return caf::behavior{[self](caf::atom_value, const std::string& bytes) {
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), node::frame_atom, bytes);
      }};
    }));
    const auto port = node::listen(echo, {"127.0.0.1", 0}, keeper_.network);
    std::promise<caf::actor> found;
    worker_.own(worker_.system().spawn([&, port](caf::event_based_actor* self) {
      node::find_at({"127.0.0.1", port}, worker_.network)(
          *self, [&](caf::expected<caf::actor> gate) { found.set_value(gate ? *gate : nullptr); });
      return caf::behavior{[](caf::unit_t) {}};
    }));
    const auto far = found.get_future().get();
    if (!far) throw std::runtime_error("the other end was not found");
    sender_ = worker_.own(worker_.system().spawn([this, far](caf::event_based_actor* self) {
      return caf::behavior{[this, far, self](const trip& one) {
                             asked_.push_back(one.back);
                             self->send(far, node::frame_atom, bytes_);
                           },
                           [this](caf::atom_value, const std::string&) {
                             asked_.front()->set_value();
                             asked_.pop_front();
                           }};
    }));
  }

  std::function<void()> ask() {
    const auto promised = std::make_shared<std::promise<void>>();
    auto back = std::make_shared<std::future<void>>(promised->get_future());
    caf::anon_send(sender_, trip{promised});
    return [back] { back->get(); };
  }

private:
  node_end keeper_;
  node_end worker_;
  const std::string bytes_ = node::encode(node::append_asked{1, order_event(1)});
  std::deque<std::shared_ptr<std::promise<void>>> asked_{}; ///< of the sender alone
  caf::actor sender_{};
};

/// A node with a journal in memory, and one that joins it.
class journal_link {
public:
  explicit journal_link(const std::string& certificates, std::size_t events = 0)
      : keeper_(network_of("journal", certificates)), worker_(network_of("w1", certificates)) {
    for (std::size_t n = 0; n < events; ++n)
      (void)kept_->commit(std::array{order_event(n + 1)}, {});
    auto now = std::make_shared<internal::directory>();
    now->journal_group = internal::journal_group(keeper_.system(), "links");
    now->writer = keeper_.spawn<internal::journal_writer>(*kept_, position{events}, timestamp{},
                                                          caf::actor{});
    caf::anon_send(now->writer, internal::directory_changed{now, ""});
    const auto host = [this, now] {
      std::shared_ptr<journal_reader> from = kept_->open_reader();
      return keeper_.spawn<node::journal_guest>(now, std::move(from));
    };
    const auto gate = keeper_.spawn<node::gate>(named("journal", 1), host);
    const auto port = node::listen(gate, {"127.0.0.1", 0}, keeper_.network);
    client_ = worker_.spawn<node::journal_client>();
    worker_.spawn<node::joiner>(named("w1", 2), node::find_at({"127.0.0.1", port}, worker_.network),
                                client_);
  }

  std::function<void()> append() {
    auto question = std::make_shared<node::journal_question>();
    question->tag = ++tags_;
    question->bytes = node::encode(node::append_asked{tags_, order_event(tags_)});
    question->cost = question->bytes.size();
    auto answer = std::make_shared<std::future<node::frame>>(question->answer.get_future());
    caf::anon_send(client_, node::ask_journal{std::move(question)});
    return [answer] { (void)answer->get(); };
  }

  /// Events a second, until that many have come.
  double follow(std::size_t events) {
    append()(); // the link is up
    const auto start = clock_type::now();
    const auto all = std::make_shared<std::promise<void>>();
    caf::anon_send(client_, node::follow_journal{{}, [all, events](const auto& page) {
                                                   if (page.front().position.value <= events &&
                                                       page.back().position.value >= events)
                                                     all->set_value();
                                                 }});
    all->get_future().get();
    return static_cast<double>(events) /
           std::chrono::duration<double>(clock_type::now() - start).count();
  }

private:
  std::unique_ptr<journal> kept_ = open_journal({});
  node_end keeper_;
  node_end worker_;
  caf::actor client_{};
  std::uint64_t tags_ = 1'000'000'000;
};

void measure(report& to, const settings& wanted, const std::string& certificates) {
  const std::string how = certificates.empty() ? "over TCP" : "over TLS";
  samples bare, bare_p50, bare_p99, ours, ours_p50, ours_p99, ratio, followed;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    {
      bare_link link(certificates);
      const ask_function ask = [&] { return link.ask(); };
      bare.add(rate_of(wanted, ask));
      const auto [p50, p99] = latencies(wanted, ask);
      bare_p50.add(p50);
      bare_p99.add(p99);
    }
    {
      journal_link link(certificates);
      const ask_function ask = [&] { return link.append(); };
      ours.add(rate_of(wanted, ask));
      const auto [p50, p99] = latencies(wanted, ask);
      ours_p50.add(p50);
      ours_p99.add(p99);
    }
    ratio.add(100 * ours.values.back() / bare.values.back());
    followed.add(journal_link(certificates, wanted.events).follow(wanted.events));
  }
  to.add("bare CAF " + how + ", the bytes of an append and back", "round trips/s", bare);
  to.add("bare CAF " + how + ", one at a time: p50", "ms", bare_p50);
  to.add("bare CAF " + how + ", one at a time: p99", "ms", bare_p99);
  to.add("append to another node's journal in memory, " + how, "appends/s", ours);
  to.add("append to another node's journal in memory, " + how + ": of bare CAF", "%", ratio);
  to.add("append to another node's journal in memory, " + how + ", one at a time: p50", "ms",
         ours_p50);
  to.add("append to another node's journal in memory, " + how + ", one at a time: p99", "ms",
         ours_p99);
  to.add("events followed from another node, " + how, "events/s", followed);
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"What a link between two nodes costs"};
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--seconds", wanted.seconds)->check(CLI::PositiveNumber);
  app.add_option("--under-way", wanted.under_way)->check(CLI::PositiveNumber);
  app.add_option("--events", wanted.events)->check(CLI::PositiveNumber);
  app.add_option("--certificates", wanted.certificates)->check(CLI::ExistingDirectory);
  app.add_option("--json", wanted.json);
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::err); // that a connection ends is no news here
  return run_and_report(wanted.json, [&](report& to) {
    measure(to, wanted, "");
    if (!wanted.certificates.empty()) measure(to, wanted, wanted.certificates);
  });
}
