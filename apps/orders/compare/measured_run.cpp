#include "orders/compare/measured_run.hpp"

#include "orders/checks/verification.hpp"
#include "orders/compare/timed_orders.hpp"
#include "orders/driver/interrupt.hpp"
#include "orders/shop.hpp"
#include "runtime/runtime_access.hpp"

#include <ensemble/flow_graph.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <unordered_map>

namespace orders {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

namespace {

order_generator generator_of(const compare_options& o) { return {o.failures.seed, o.lines}; }

/// What the runtime told of its failure, on a thread of its own.
struct failure_note {
  std::mutex mutex{};
  std::string text{};

  void throw_if_any() {
    const std::lock_guard lock(mutex);
    if (!text.empty()) throw ensemble::error(ensemble::errc::wrong_state, text);
  }
};

/// When, after `from`, orders flow again as measured_run says.
std::optional<nanoseconds> flowing_after(const std::vector<timed_orders::times>& all,
                                         timed_orders::clock::time_point from) {
  std::vector<timed_orders::clock::time_point> ends;
  ends.reserve(all.size());
  for (const auto& order : all) ends.push_back(order.ended);
  std::ranges::sort(ends);
  const auto before = std::ranges::upper_bound(ends, from) - ends.begin();
  const std::chrono::duration<double> spent = from - all.front().sent;
  const auto wanted = static_cast<double>(before) / spent.count() *
                      std::chrono::duration<double>(flow_window).count() / 2;
  const auto flows_at = [&](timed_orders::clock::time_point at) {
    const auto within =
        std::ranges::upper_bound(ends, at) - std::ranges::upper_bound(ends, at - flow_window);
    return static_cast<double>(within) >= wanted;
  };
  if (flows_at(from + flow_window)) return flow_window;
  for (const auto end : ends)
    if (end > from + flow_window && flows_at(end)) return end - from;
  return std::nullopt;
}

/// Reads what became of the orders from the journal, and holds its checks.
void read_journal(const compare_options& options, const std::string& path, measured_run& run) {
  std::unordered_map<std::string, std::size_t> numbers;
  const auto generator = generator_of(options);
  for (std::size_t n = 0; n < options.orders; ++n)
    numbers.emplace(generator.make(n + 1).order_id, n);
  run.outcomes.resize(options.orders);
  const auto journal = open_shop_journal(path);
  verification checks;
  ensemble::flow_graph graph;
  for (ensemble::position from{1};;) {
    const auto page = journal->read_all(from);
    if (page.empty()) break;
    for (const auto& e : page) {
      checks.feed(e);
      graph.add(e);
      if (const auto* confirmed = e.body.get_if<order_confirmed>())
        run.outcomes.at(numbers.at(confirmed->order_id)) = "confirmed " + to_text(confirmed->total);
      else if (const auto* cancelled = e.body.get_if<order_cancelled>())
        run.outcomes.at(numbers.at(cancelled->order_id)) = "cancelled, " + cancelled->reason;
    }
    from.value = page.back().position.value + 1;
  }
  run.found = checks.finish().found;
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& [reaction, count] : graph.reactions())
    if (reaction.kind == ensemble::cause_kind::process &&
        reaction.cause.service != reaction.outcome.service)
      pairs.emplace(reaction.outcome.service, reaction.cause.service);
  run.reacting_pairs = pairs.size();
}

} // namespace

std::size_t measured_run::lost() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(outcomes, [](const std::string& o) { return o.empty(); }));
}

std::size_t measured_run::slower_than(nanoseconds limit) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(latencies, [&](nanoseconds l) { return l > limit; }));
}

nanoseconds measured_run::latency(double share) const {
  if (latencies.empty()) return nanoseconds(0);
  auto sorted = latencies;
  std::ranges::sort(sorted);
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(share * last)];
}

double measured_run::orders_per_second() const {
  return static_cast<double>(latencies.size()) / std::chrono::duration<double>(took).count();
}

measured_run measure(const compare_options& options, ensemble::process_mode mode,
                     const std::string& journal, const std::string& kill) {
  if (std::filesystem::exists(journal))
    throw ensemble::error(ensemble::errc::bad_argument,
                          "'" + journal + "' is there already: compare needs new journals");
  measured_run run;
  run.mode = mode;
  run.killed = kill;
  ensemble::runtime_options settings;
  settings.journal = journal;
  settings.durability = options.durability;
  settings.credits = std::max(settings.credits, 2 * options.concurrency);
  failure_note failure; // outlives the runtime
  ensemble::runtime runtime(settings);
  set_up(runtime, make_shop(options.stock, options.failures), mode);
  runtime.on_failure([&failure](const ensemble::error& e) {
    const std::lock_guard lock(failure.mutex);
    failure.text = e.what();
  });
  runtime.start();
  timed_orders orders(runtime, generator_of(options), options.orders);
  std::optional<timed_orders::clock::time_point> middle;
  const auto look = [&] {
    failure.throw_if_any();
    if (interrupted()) throw ensemble::error(ensemble::errc::wrong_state, "interrupted");
    if (middle || orders.ended() < options.orders / 2) return;
    middle = timed_orders::clock::now();
    if (!kill.empty()) ensemble::runtime_access::kill(runtime, kill);
  };
  try {
    for (std::size_t n = 0; n < options.orders; ++n) {
      while (!orders.wait_for_room(options.concurrency, 5ms)) look();
      look();
      orders.place(n);
    }
    while (!orders.wait_for_room(1, 5ms)) look();
    look();
  } catch (...) {
    runtime.stop(); // no callback may come once the orders are gone
    throw;
  }
  run.stats = runtime.stats();
  runtime.stop();
  if (const auto trouble = orders.trouble(); !trouble.empty())
    throw ensemble::error(ensemble::errc::wrong_state, trouble);
  auto last = orders.all().front().ended;
  for (const auto& [sent, ended] : orders.all()) {
    run.latencies.push_back(ended - sent);
    last = std::max(last, ended);
  }
  run.took = last - orders.all().front().sent;
  run.flowing_after = flowing_after(orders.all(), *middle);
  read_journal(options, journal, run);
  return run;
}

} // namespace orders
