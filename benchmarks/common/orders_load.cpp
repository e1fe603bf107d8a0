#include "common/orders_load.hpp"

#include "common/order_process.hpp"
#include "common/scratch_journal.hpp"
#include "orders/driver/latencies.hpp"
#include "orders/driver/machine.hpp"

#include <atomic>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <thread>

namespace reference {

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

ensemble::runtime_options options_for(const load& wanted, const scratch_journal& file) {
  ensemble::runtime_options options;
  options.journal = wanted.durability == "memory" ? "memory:" : file.path();
  if (wanted.durability == "relaxed") options.durability = ensemble::durability::relaxed;
  if (wanted.durability == "speculative") options.durability = ensemble::durability::speculative;
  options.credits = wanted.credits > 0 ? wanted.credits : 4 * wanted.concurrency + 64;
  options.threads = wanted.threads;
  return options;
}

/// Sends orders, each place anew when its order has ended.
class driver {
public:
  driver(ensemble::runtime& r, const load& wanted) : runtime_(r), wanted_(wanted) {}

  void begin() {
    for (std::size_t n = 0; n < wanted_.concurrency; ++n) send_next();
  }
  /// Sends as many a second for so long, and none again.
  void offer(double a_second, double seconds) {
    offered_ = true;
    const auto start = clock_type::now();
    double due = 0;
    for (double offered = 0; due < a_second * seconds;) {
      due = a_second * std::chrono::duration<double>(clock_type::now() - start).count();
      for (; offered < due; ++offered) send_one({.when_busy = ensemble::when_busy::refuse});
      std::this_thread::sleep_for(200us);
    }
  }
  /// Counts from now on.
  void measure() { measuring_ = true; }
  void stop() {
    stopping_ = true;
    while (under_way_ > 0) std::this_thread::sleep_for(1ms);
    if (failures_ > 0) throw std::runtime_error("orders ended otherwise than they should");
  }
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] const orders::latencies& times() const noexcept { return times_; }

private:
  void send_next() {
    if (!stopping_) send_one({});
  }
  void send_one(const ensemble::send_options& options) {
    const auto n = ++sent_;
    ++under_way_;
    // Every k-th, evenly, rather than by chance: every run has the same share of them.
    const auto share = static_cast<double>(n) * wanted_.failures;
    const bool shippable =
        static_cast<std::uint64_t>(share) == static_cast<std::uint64_t>(share - wanted_.failures);
    const auto began = clock_type::now();
    runtime_.send("order", nth_order(n, shippable), options,
                  [this, shippable, began](const ensemble::receipt* r, const ensemble::error* e) {
                    if (r != nullptr) return await(*r, shippable, began);
                    if (e->code() != ensemble::errc::overloaded) return end(false, began);
                    ++refused_;
                    --under_way_;
                  });
  }
  void await(const ensemble::receipt& of, bool shippable, clock_type::time_point began) {
    runtime_.await(of, 5min, [this, shippable, began](const ensemble::outcome& o) {
      end(o.kind ==
              (shippable ? ensemble::outcome_kind::completed : ensemble::outcome_kind::compensated),
          began);
    });
  }
  void end(bool as_it_should, clock_type::time_point began) {
    if (!as_it_should) ++failures_;
    ++ended_;
    if (measuring_) times_.add(clock_type::now() - began);
    if (as_it_should && !offered_) send_next();
    --under_way_;
  }

  ensemble::runtime& runtime_;
  const load& wanted_;
  std::atomic<std::uint64_t> sent_{};
  std::atomic<std::uint64_t> ended_{};
  std::atomic<std::uint64_t> under_way_{};
  std::atomic<std::uint64_t> failures_{};
  std::atomic<std::uint64_t> refused_{};
  std::atomic<bool> offered_{};
  std::atomic<bool> measuring_{};
  std::atomic<bool> stopping_{};
  orders::latencies times_{};
};

double resident_mebibytes() { return static_cast<double>(orders::resident_memory()) / (1 << 20); }

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

} // namespace

load_result run(const load& wanted) {
  const scratch_journal file(wanted.directory, "orders");
  load_result result;
  {
    ensemble::runtime r(options_for(wanted, file));
    set_up(r, wanted.danced);
    r.start();
    driver d(r, wanted);
    d.begin();
    std::this_thread::sleep_for(std::chrono::duration<double>(wanted.seconds / 5));
    d.measure();
    const auto before = r.stats();
    const auto ended_before = d.ended();
    const auto processor_before = std::clock();
    const auto start = clock_type::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(wanted.seconds));
    const auto after = r.stats();
    const auto ended = static_cast<double>(d.ended() - ended_before);
    const double taken = std::chrono::duration<double>(clock_type::now() - start).count();
    result.resident_mebibytes = resident_mebibytes();
    d.stop();
    const auto events = static_cast<double>(after.events_appended - before.events_appended);
    result.processor_us_an_order =
        static_cast<double>(std::clock() - processor_before) / CLOCKS_PER_SEC * 1e6 / ended;
    result.orders_a_second = ended / taken;
    result.events_a_second = events / taken;
    result.events_an_order = events / ended;
    result.events_a_commit = events / static_cast<double>(after.commits - before.commits);
    result.messages_an_order = static_cast<double>(after.messages - before.messages) / ended;
    result.p50_ms = milliseconds(d.times().quantile(0.5));
    result.p99_ms = milliseconds(d.times().quantile(0.99));
  }
  return result;
}

offered_result run_offered(const load& wanted, double orders_a_second) {
  const scratch_journal file(wanted.directory, "orders");
  ensemble::runtime r(options_for(wanted, file));
  set_up(r, wanted.danced);
  r.start();
  driver d(r, wanted);
  d.offer(orders_a_second, wanted.seconds / 2);
  offered_result result;
  result.resident_mebibytes_before = resident_mebibytes();
  d.measure();
  const auto ended = d.ended();
  const auto refused = d.refused();
  d.offer(orders_a_second, wanted.seconds);
  result.accepted_a_second = static_cast<double>(d.ended() - ended) / wanted.seconds;
  result.refused_a_second = static_cast<double>(d.refused() - refused) / wanted.seconds;
  result.resident_mebibytes = resident_mebibytes();
  d.stop();
  result.p50_ms = milliseconds(d.times().quantile(0.5));
  result.p99_ms = milliseconds(d.times().quantile(0.99));
  return result;
}

std::vector<part_result> run_in_parts(const load& wanted, std::uint64_t orders,
                                      std::uint64_t parts) {
  const scratch_journal file(wanted.directory, "orders");
  std::vector<part_result> results;
  {
    ensemble::runtime r(options_for(wanted, file));
    set_up(r, wanted.danced);
    r.start();
    driver d(r, wanted);
    auto since = clock_type::now();
    auto processor_before = std::clock();
    std::uint64_t ended_before = 0;
    d.begin();
    for (std::uint64_t n = 1; n <= parts; ++n) {
      while (d.ended() < orders * n / parts) std::this_thread::sleep_for(1ms);
      const auto now = clock_type::now();
      const auto processor = std::clock();
      const auto ended = d.ended();
      const auto count = static_cast<double>(ended - ended_before);
      results.push_back(
          {count / std::chrono::duration<double>(now - since).count(),
           static_cast<double>(processor - processor_before) / CLOCKS_PER_SEC * 1e6 / count,
           resident_mebibytes()});
      since = now;
      processor_before = processor;
      ended_before = ended;
    }
    d.stop();
  }
  return results;
}

} // namespace reference
