#include "orders/commands/commands.hpp"
#include "orders/driver/driver.hpp"
#include "orders/driver/failure_note.hpp"
#include "orders/driver/interrupt.hpp"
#include "orders/driver/machine.hpp"
#include "orders/driver/node.hpp"
#include "orders/driver/observed_verification.hpp"
#include "orders/driver/order_source.hpp"
#include "orders/driver/progress.hpp"
#include "orders/driver/summary.hpp"
#include "orders/gateway/payment_gateway.hpp"
#include "orders/shop.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <mutex>

namespace orders {

using namespace std::chrono_literals;

namespace {

/// One run, from the runtime's start to its stop.
class order_run {
public:
  order_run(const run_options& options, std::ostream& out)
      : options_(options), out_(out), source_(make_order_source(options, out)) {}

  int execute() {
    if (!options_.files.gateway.empty())
      gateway_ = std::make_shared<payment_gateway>(options_.files.gateway);
    if (!options_.files.history.empty())
      evidence_ = std::make_unique<ensemble::history_writer>(options_.files.history,
                                                             std::to_string(::getpid()));
    ensemble::runtime runtime(runtime_options_of());
    const auto failure = failure_note::of(runtime);
    start(runtime);
    driver placing(runtime, options_.concurrency, evidence_.get());
    const auto began = std::chrono::steady_clock::now();
    see_through(runtime, placing, *failure);
    // Not in the handler: one Ctrl-C may well arrive twice, by way of a shell or a supervisor.
    release_interrupts();
    if (observed_) observed_->catch_up(runtime, 30s);
    summary_.took = std::chrono::steady_clock::now() - began;
    const auto last = runtime.stats(); // once it has stopped nothing is open in it
    summary_.joined = options_.node.join;
    // The journal is read over the node's connection.
    if (joined() && !interrupted() && !failure->failed())
      summary_.report = verify_journal(*runtime.open_reader(), options_.files, false);
    runtime.stop();
    summary_.mode = options_.mode;
    summary_.counts = placing.counts();
    summary_.stats = runtime.stats();
    summary_.ended = joined() ? summary_.counts.ended : ended_here(summary_.stats);
    summary_.failure = failure->text();
    summary_.open = last.instances_open;
    summary_.stuck = last.instances_stuck;
    summary_.interrupted = interrupted();
    summary_.resident = resident_memory();
    verify();
    print(out_, summary_, placing.times());
    return summary_.good() ? 0 : 1;
  }

private:
  [[nodiscard]] bool joined() const { return !options_.node.join.empty(); }
  [[nodiscard]] bool in_memory() const { return !joined() && options_.journal == "memory:"; }
  [[nodiscard]] static std::uint64_t ended_here(const ensemble::runtime_stats& stats) {
    return stats.instances_completed + stats.instances_compensated;
  }

  [[nodiscard]] ensemble::runtime_options runtime_options_of() const {
    ensemble::runtime_options o;
    o.journal = options_.journal;
    o.durability = options_.durability;
    // An order holds one credit at a time; twice as many leave room for those that are resumed.
    o.credits = std::max(o.credits, 2 * options_.concurrency);
    set_node(o, options_.node);
    if (joined()) o.services.emplace(); // a client runs none
    return o;
  }

  void start(ensemble::runtime& runtime) {
    set_up(runtime, make_shop(options_.stock, options_.failures, gateway_), options_.mode);
    runtime.start();
    if (in_memory()) {
      observed_ = std::make_unique<observed_verification>(runtime, options_.files);
      return;
    }
    const auto stats = runtime.stats(); // at once: some may have ended already
    summary_.resumed = stats.instances_open + ended_here(stats);
    placed_ =
        placed_orders(joined() ? *runtime.open_reader() : *open_shop_journal(options_.journal));
    summary_.before = placed_.size();
  }

  /// Places what is to be placed, and waits until all has ended, Ctrl-C or a failure.
  void see_through(const ensemble::runtime& runtime, driver& placing, const failure_note& failure) {
    const auto over = [&] { return interrupted() || failure.failed(); };
    std::uint64_t skipped = 0;
    const auto ended = [&] {
      return joined() ? placing.counts().ended : ended_here(runtime.stats());
    };
    std::uint64_t total = source_.count + summary_.resumed;
    progress bar(std::cerr, ::isatty(STDERR_FILENO) == 1, "orders", total);
    for (std::uint64_t n = 0; n < source_.count && !over(); ++n) {
      auto order = source_.make(n);
      if (placed_.contains(order.order_id)) {
        bar.set_total(total - ++skipped);
        continue;
      }
      while (!placing.wait_for_room(50ms) && !over()) bar.show(ended());
      if (!over()) placing.place(std::move(order));
      bar.show(ended());
    }
    const auto left = [&] {
      const auto stats = runtime.stats();
      return !placing.wait_for_all(20ms) || stats.instances_open > stats.instances_stuck;
    };
    while (left() && !over()) {
      bar.show(ended());
      pause(20ms);
    }
    bar.finish(ended());
  }

  /// For what nobody calls back about: orders that an earlier run had placed.
  void pause(std::chrono::milliseconds time) {
    std::unique_lock lock(pausing_);
    pause_.wait_for(lock, time);
  }

  void verify() {
    if (joined()) return;
    if (in_memory()) {
      summary_.report = observed_->finish(summary_.stats);
      return;
    }
    const auto folder = std::filesystem::absolute(options_.journal).parent_path();
    summary_.flush_rate = measure_flush_rate(folder.string());
    summary_.report = verify_journal(*open_shop_journal(options_.journal), options_.files, false);
  }

  const run_options& options_;
  std::ostream& out_;
  order_source source_;
  std::shared_ptr<payment_gateway> gateway_{};
  std::unique_ptr<ensemble::history_writer> evidence_{};
  std::unique_ptr<observed_verification> observed_{};
  std::unordered_set<std::string> placed_{};
  run_summary summary_{};
  std::mutex pausing_{};
  std::condition_variable pause_{};
};

} // namespace

int run_orders(const run_options& options, std::ostream& out) {
  if (!spdlog::get("ensemble"))
    spdlog::stderr_logger_mt("ensemble")->set_level(spdlog::level::from_str(options.log));
  catch_interrupts();
  return order_run(options, out).execute();
}

} // namespace orders
