// How fast one publisher's events reach N subscribers: through the bus (one message a committed
// batch, on the journal's group, to actors that follow it without a gap) against a bare CAF group
// with one message an event. Both in one run, interleaved, in one actor system; the median of five.
//
//   bench_bus [--deliveries N] [--runs N] [--json FILE]

#include "common/report.hpp"
#include "runtime/bus.hpp"
#include "runtime/base_actor.hpp"
#include "runtime/journal_follower.hpp"

#include <caf/all.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/// One event, as bare group members get it.
struct single_event {
  std::shared_ptr<const ensemble::recorded_event> event{};
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(single_event)

namespace {

using namespace ensemble;
using namespace ensemble::internal;
using clock_type = std::chrono::steady_clock;

struct settings {
  std::size_t deliveries = 1'000'000; ///< events times subscribers
  std::size_t runs = 5;
  std::string json{};
};

/// What a subscriber does with an event: looks at it.
struct tally {
  std::size_t left = 0;
  std::latch* done = nullptr;

  void look_at(const recorded_event& e) {
    if (e.position.value > 0 && --left == 0) done->count_down();
  }
};

/// A subscriber of the bus, as those of the runtime are.
class bus_member final : public base_actor {
public:
  bus_member(caf::actor_config& config, environment_ptr env, directory_ptr directory, tally t)
      : base_actor(config, std::move(env), "member"),
        tally_(t),
        follower_(*this, [this](const batch_ptr& batch) {
          for (const auto& e : batch->events) tally_.look_at(e);
        }) {
    directory_ = std::move(directory);
  }

protected:
  caf::behavior make_behavior() override {
    join(directory_->journal_group);
    follower_.start_live({0}, *directory_);
    return {[this](const committed& m) { follower_.follow(m.batch, *directory_); },
            [](caf::ok_atom) { return caf::ok_atom::value; }};
  }
  void on_exit() override {
    follower_.clear();
    base_actor::on_exit();
  }

private:
  tally tally_;
  journal_follower follower_;
};

class group_member final : public caf::event_based_actor {
public:
  group_member(caf::actor_config& config, caf::group group, tally t)
      : caf::event_based_actor(config), group_(std::move(group)), tally_(t) {}

protected:
  caf::behavior make_behavior() override {
    join(group_);
    return {[this](const single_event& m) { tally_.look_at(*m.event); },
            [](caf::ok_atom) { return caf::ok_atom::value; }};
  }

private:
  caf::group group_;
  tally tally_;
};

/// The publisher, an actor as the journal's writer is; then whoever asked is told.
class publisher final : public caf::event_based_actor {
public:
  publisher(caf::actor_config& config, std::function<void(publisher&)> publish)
      : caf::event_based_actor(config), publish_(std::move(publish)) {}

protected:
  caf::behavior make_behavior() override {
    publish_(*this);
    return {};
  }

private:
  std::function<void(publisher&)> publish_;
};

std::vector<recorded_event> make_events(std::size_t count) {
  static const char* const names[] = {"order_created", "payment_authorised", "stock_reserved",
                                      "parcel_shipped", "order_confirmed"};
  std::vector<recorded_event> events(count);
  for (std::size_t n = 0; n < count; ++n) {
    auto& e = events[n];
    e.position = {n + 1};
    e.stream = "order-" + std::to_string(n / 5);
    e.body = message::opaque(names[n % 5], 1, R"({"order_id":"4711"})");
  }
  return events;
}

/// One actor system with so many subscribers; measures how long they take to get everything.
class measurement {
public:
  measurement(std::size_t subscribers, std::size_t events)
      : subscribers_(subscribers),
        events_(events),
        done_(static_cast<std::ptrdiff_t>(subscribers)) {
    config_.set("scheduler.policy", caf::atom("sharing"));
    config_.set("scheduler.max-throughput", std::size_t{100});
    config_.set("scheduler.max-threads", std::size_t{2});
  }

  double bare() {
    caf::actor_system system(config_);
    const auto group = system.groups().get_local("bare");
    std::vector<single_event> events;
    for (auto& e : make_events(events_))
      events.push_back({std::make_shared<recorded_event>(std::move(e))});
    std::vector<caf::actor> members;
    for (std::size_t n = 0; n < subscribers_; ++n)
      members.push_back(system.spawn<group_member>(group, tally{events_, &done_}));
    return run(system, members, [&](publisher& self) {
      for (const auto& e : events) self.send(group, e);
    });
  }

  double bus(std::size_t batch_size) {
    caf::actor_system system(config_);
    const auto env = std::make_shared<environment>(runtime_options{});
    const auto now = std::make_shared<directory>();
    now->journal_group = journal_group(system, "bus");
    std::vector<std::vector<recorded_event>> commits;
    for (auto& e : make_events(events_)) {
      if (commits.empty() || commits.back().size() == batch_size) commits.emplace_back();
      commits.back().push_back(std::move(e));
    }
    std::vector<caf::actor> members;
    for (std::size_t n = 0; n < subscribers_; ++n)
      members.push_back(system.spawn<bus_member>(env, directory_ptr(now), tally{events_, &done_}));
    const auto group = now->journal_group;
    return run(system, members, [&](publisher& self) {
      for (auto& events : commits) { // as the writer does
        auto batch = std::make_shared<committed_batch>();
        batch->from = events.front().position;
        batch->to = events.back().position;
        batch->events = std::move(events);
        batch->types = types_of(batch->events);
        self.send(group, committed{std::move(batch)});
      }
    });
  }

private:
  double run(caf::actor_system& system, std::vector<caf::actor>& members,
             std::function<void(publisher&)> publish) {
    {
      caf::scoped_actor self(system); // all have joined
      for (const auto& m : members)
        self->request(m, caf::infinite, caf::ok_atom::value)
            .receive([](caf::ok_atom) {},
                     [](const caf::error&) { throw std::runtime_error("a member died"); });
    }
    const auto start = clock_type::now();
    system.spawn<publisher>(std::move(publish));
    done_.wait();
    const double seconds = std::chrono::duration<double>(clock_type::now() - start).count();
    for (const auto& m : members) caf::anon_send_exit(m, caf::exit_reason::user_shutdown);
    members.clear();
    return static_cast<double>(events_) / seconds;
  }

  caf::actor_system_config config_{};
  std::size_t subscribers_;
  std::size_t events_;
  std::latch done_;
};

void compare(const settings& wanted, report& to, std::size_t subscribers) {
  constexpr std::array<std::size_t, 3> batch_sizes{1, 10, 100};
  const auto events = std::max<std::size_t>(wanted.deliveries / subscribers / 100, 10) * 100;
  samples bare;
  std::array<samples, batch_sizes.size()> bus;
  std::array<samples, batch_sizes.size()> ratio;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    bare.add(measurement(subscribers, events).bare());
    for (std::size_t b = 0; b < batch_sizes.size(); ++b) {
      bus[b].add(measurement(subscribers, events).bus(batch_sizes[b]));
      ratio[b].add(bus[b].values.back() / bare.values.back());
    }
  }
  const auto name = "events to " + std::to_string(subscribers) + " subscribers, ";
  to.add(name + "bare CAF group", "events/s", bare);
  for (std::size_t b = 0; b < batch_sizes.size(); ++b) {
    const auto batches = name + "bus, " + std::to_string(batch_sizes[b]) + " a batch";
    to.add(batches, "events/s", bus[b]);
    to.add(batches + ": over the bare group", "times", ratio[b]);
  }
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"How fast one publisher's events reach N subscribers"};
  app.add_option("--deliveries", wanted.deliveries, "events times subscribers")
      ->check(CLI::PositiveNumber);
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--json", wanted.json, "write the figures there");
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    for (const std::size_t subscribers : {1, 10, 100}) compare(wanted, to, subscribers);
  });
}
