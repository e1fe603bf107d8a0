// Messages a second, through ensemble's dispatch and through bare CAF actors, under the same
// scheduler settings, with as many under way, in turns in one run. A command goes from a caller to
// a service, is decided, recorded in memory and answered; beside it, bare actors that pass one
// message on as often. A query (of the state of an entity) goes to the service alone, and nothing
// is recorded; beside it, a bare actor that answers such queries. And what CAF itself does in
// ping-pong, fan-in, and spawning.
//
//   bench_messages [--runs N] [--seconds S] [--under-way N] [--json FILE]

#include "common/order_process.hpp"
#include "common/report.hpp"

#include <caf/all.hpp>

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

/// What a bare actor passes on: as the runtime's own messages, a pointer to the payload.
struct parcel {
  std::shared_ptr<const std::string> payload{};
};

/// What a bare actor is asked: as the runtime's own queries, a pointer to all of it.
struct query {
  struct body {
    std::string key{};
    std::promise<reference::tally> answer{};
  };
  std::shared_ptr<body> what{};
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parcel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(query)

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct settings {
  std::size_t runs = 5;
  double seconds = 1;
  std::size_t under_way = 1000;
  std::string json{};
};

class bare_system {
public:
  bare_system() {
    config_.set("scheduler.policy", caf::atom("sharing"));
    config_.set("scheduler.max-throughput", std::size_t{100});
    config_.set("scheduler.max-threads",
                std::max<std::size_t>(2, std::thread::hardware_concurrency()));
    system_ = std::make_unique<caf::actor_system>(config_);
  }
  [[nodiscard]] caf::actor_system& get() noexcept { return *system_; }

private:
  caf::actor_system_config config_{};
  std::unique_ptr<caf::actor_system> system_{};
};

double rate_of(std::uint64_t count, clock_type::time_point since) {
  return static_cast<double>(count) /
         std::chrono::duration<double>(clock_type::now() - since).count();
}

/// How fast it grows once everything is under way.
double rate_under_way(const std::atomic<std::uint64_t>& count, const settings& wanted) {
  std::this_thread::sleep_for(200ms);
  const auto before = count.load();
  const auto start = clock_type::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(wanted.seconds));
  return rate_of(count - before, start);
}

struct dispatch {
  double messages_a_second = 0;
  double messages_a_command = 0;
};

/// Commands to a service of an ensemble runtime in memory, always so many under way.
dispatch through_ensemble(const settings& wanted) {
  ensemble::runtime_options options;
  options.credits = 2 * wanted.under_way;
  ensemble::runtime r(options);
  r.host(reference::counting_service());
  r.start();
  std::atomic<std::uint64_t> sent{};
  std::atomic<std::uint64_t> answered{};
  std::atomic<bool> stopping{};
  std::function<void()> give = [&] {
    const auto n = ++sent;
    r.send("counting", reference::count_one{std::to_string(n % 1024)}, {},
           [&](const ensemble::receipt*, const ensemble::error*) {
             ++answered;
             if (!stopping) give();
           });
  };
  for (std::size_t n = 0; n < wanted.under_way; ++n) give();
  std::this_thread::sleep_for(200ms);
  const auto before = r.stats().messages;
  const auto answered_before = answered.load();
  const auto start = clock_type::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(wanted.seconds));
  const auto messages = r.stats().messages - before;
  const auto commands = answered - answered_before;
  const double rate = rate_of(messages, start);
  stopping = true;
  while (answered < sent) std::this_thread::sleep_for(1ms);
  return {rate, static_cast<double>(messages) / static_cast<double>(commands)};
}

/// Answers a second, always so many queries under way.
template <class Ask>
double queries(const settings& wanted, Ask ask) {
  std::deque<std::future<reference::tally>> asked;
  std::uint64_t n = 0;
  const auto give = [&] { asked.push_back(ask(std::to_string(n++ % 1024))); };
  while (asked.size() < wanted.under_way) give();
  const auto turn = [&] {
    (void)asked.front().get();
    asked.pop_front();
    give();
  };
  for (std::size_t turns = 0; turns < 10 * wanted.under_way; ++turns) turn();
  const auto before = n;
  const auto start = clock_type::now();
  while (clock_type::now() - start < std::chrono::duration<double>(wanted.seconds))
    for (int turns = 0; turns < 100; ++turns) turn();
  const double rate = rate_of(n - before, start);
  for (auto& one : asked) (void)one.get();
  return rate;
}

double queries_to_ensemble(const settings& wanted) {
  ensemble::runtime r{ensemble::runtime_options{}};
  r.host(reference::counting_service());
  r.start();
  return queries(
      wanted, [&](const std::string& key) { return r.query<reference::tally>("counting", key); });
}

double queries_to_bare_actor(const settings& wanted) {
  std::unordered_map<std::string, reference::tally> states;
  bare_system host;
  const auto service = host.get().spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](const query& q) { q.what->answer.set_value(states[q.what->key]); }};
  });
  const double rate = queries(wanted, [&](const std::string& key) {
    auto what = std::make_shared<query::body>();
    what->key = key;
    auto answer = what->answer.get_future();
    caf::anon_send(service, query{std::move(what)});
    return answer;
  });
  caf::anon_send_exit(service, caf::exit_reason::kill);
  return rate;
}

caf::behavior pass_on(caf::event_based_actor* self, caf::actor next,
                      std::atomic<std::uint64_t>* arrived, const std::atomic<bool>* stopping) {
  return {[=](const parcel& p) {
            arrived->fetch_add(1, std::memory_order_relaxed);
            if (!*stopping) self->send(next, p);
          },
          [=](caf::ok_atom) { return caf::ok_atom::value; }};
}

/// Actors in a ring, always so many messages under way.
double through_bare_actors(const settings& wanted, std::size_t actors) {
  std::atomic<std::uint64_t> arrived{};
  std::atomic<bool> stopping{};
  bare_system host;
  // The first one closes the ring: it is told of the last.
  std::vector<caf::actor> ring;
  const auto first = host.get().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &arrived, &stopping](const caf::actor& next) {
      self->become(pass_on(self, next, &arrived, &stopping));
    }};
  });
  ring.push_back(first);
  while (ring.size() < actors)
    ring.push_back(host.get().spawn(pass_on, ring.back(), &arrived, &stopping));
  caf::anon_send(first, ring.back());
  const auto payload = std::make_shared<const std::string>("as long as an order, more or less");
  for (std::size_t n = 0; n < wanted.under_way; ++n)
    caf::anon_send(ring[n % ring.size()], parcel{payload});
  const double rate = rate_under_way(arrived, wanted);
  stopping = true;
  for (const auto& actor : ring) caf::anon_send_exit(actor, caf::exit_reason::kill);
  return rate;
}

double ping_pong(const settings& wanted) {
  auto one = wanted;
  one.under_way = 1;
  return through_bare_actors(one, 2);
}

double fan_in(const settings& wanted) {
  bare_system host;
  std::atomic<std::uint64_t> arrived{};
  std::atomic<bool> stopping{};
  const auto sink = host.get().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &arrived](const parcel& p) {
      arrived.fetch_add(1, std::memory_order_relaxed);
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), p);
    }};
  });
  std::vector<caf::actor> sources;
  for (int n = 0; n < 64; ++n)
    sources.push_back(host.get().spawn([&, sink](caf::event_based_actor* self) -> caf::behavior {
      return {[self, sink, &stopping](const parcel& p) {
        if (!stopping) self->send(sink, p);
      }};
    }));
  for (std::size_t n = 0; n < wanted.under_way; ++n)
    caf::anon_send(sources[n % sources.size()], parcel{});
  const double rate = rate_under_way(arrived, wanted);
  stopping = true;
  for (const auto& source : sources) caf::anon_send_exit(source, caf::exit_reason::kill);
  caf::anon_send_exit(sink, caf::exit_reason::kill);
  return rate;
}

double spawning(const settings& wanted) {
  bare_system host;
  std::uint64_t count = 0;
  const auto start = clock_type::now();
  while (clock_type::now() - start < std::chrono::duration<double>(wanted.seconds)) {
    for (int n = 0; n < 1000; ++n, ++count)
      host.get().spawn([](caf::event_based_actor*) {}); // it ends at once
    host.get().await_all_actors_done();
  }
  return rate_of(count, start);
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"Messages a second, through ensemble and through bare CAF"};
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--seconds", wanted.seconds)->check(CLI::PositiveNumber);
  app.add_option("--under-way", wanted.under_way)->check(CLI::PositiveNumber);
  app.add_option("--json", wanted.json);
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    samples ours, hops, bare, ratio, asked, asked_bare, asked_ratio, pings, into_one, spawned;
    for (std::size_t n = 0; n < wanted.runs; ++n) {
      const auto made = through_ensemble(wanted);
      ours.add(made.messages_a_second);
      hops.add(made.messages_a_command);
      // Caller's gateway, service, journal's writer, and back.
      bare.add(through_bare_actors(wanted, 3));
      ratio.add(100 * ours.values.back() / bare.values.back());
      asked.add(queries_to_ensemble(wanted));
      asked_bare.add(queries_to_bare_actor(wanted));
      asked_ratio.add(100 * asked.values.back() / asked_bare.values.back());
      pings.add(ping_pong(wanted));
      into_one.add(fan_in(wanted));
      spawned.add(spawning(wanted));
    }
    to.add("messages, through ensemble", "messages/s", ours);
    to.add("messages, through ensemble: a command", "messages", hops);
    to.add("messages, bare CAF, a ring of three", "messages/s", bare);
    to.add("messages, through ensemble: of bare CAF", "%", ratio);
    to.add("queries, to a service of ensemble", "answers/s", asked);
    to.add("queries, to a bare CAF actor", "answers/s", asked_bare);
    to.add("queries, to a service of ensemble: of bare CAF", "%", asked_ratio);
    to.add("messages, bare CAF, ping-pong", "messages/s", pings);
    to.add("messages, bare CAF, 64 to one and back", "messages/s", into_one);
    to.add("actors, bare CAF, spawned and ended", "actors/s", spawned);
  });
}
