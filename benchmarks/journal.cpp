// How fast the journal records events, and whether it stays so as it grows.
//
//   bench_journal batches|reads [--dir DIR] [--durability durable|relaxed|memory] [--runs N]
//   bench_journal growth  [--dir DIR] [--durability ...] [--events N] [--random-keys]
// and, with each, [--seconds S] [--json FILE].
//
// Only commits are timed: callers make requests on threads of their own.

#include "common/report.hpp"
#include "common/scratch_journal.hpp"
#include "common/storage_floor.hpp"
#include "orders/driver/machine.hpp"

#include <ensemble/journal.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace ensemble;
using clock_type = std::chrono::steady_clock;

struct settings {
  std::string mode = "batches";
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  std::string durability = "durable";
  std::uint64_t events = 2'000'000;
  bool random_keys = false;
  std::size_t runs = 5;
  double seconds = 1;
  std::string json{};
};

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

// By this process, to any file: the kernel's count.
std::uint64_t bytes_written() {
  std::ifstream counts("/proc/self/io");
  std::string name;
  std::uint64_t count = 0;
  while (counts >> name >> count)
    if (name == "wchar:") return count;
  return 0;
}

/// Orders as five events over four streams: with ids as the engine makes them, but for the
/// caller's own, which are random.
class order_maker {
public:
  explicit order_maker(bool random_keys) : random_keys_(random_keys) {}

  struct order {
    std::string key{};
    correlation_id correlation{};
    instance_id instance{};
  };

  order next_order() {
    ++orders_;
    order made;
    made.key = random_keys_ ? to_string(command_id::of(random_(), random_())).substr(0, 20)
                            : std::to_string(10'000'000 + orders_);
    made.correlation = correlation_id::of(1'700'000'000'000'000'000 + orders_ * 20'000, random_());
    return made;
  }

  append_request request(const order& of, int step) {
    struct shape {
      const char* stream;
      const char* message;
      const char* step;
    };
    static constexpr std::array<shape, 5> shapes{{{"order-", "order_created", ""},
                                                  {"payment-", "payment_authorised", "payment"},
                                                  {"stock-main", "stock_reserved", "stock"},
                                                  {"shipping-", "parcel_shipped", "shipping"},
                                                  {"order-", "order_confirmed", ""}}};
    const auto& s = shapes[static_cast<std::size_t>(step)];
    new_event event;
    event.origin.correlation = of.correlation;
    if (step == 0) {
      event.id = event_id::of(random_(), random_());
    } else {
      const auto way = step == 4 ? direction::complete : direction::forward;
      const auto command = make_command_id(of.instance, s.step, way, 0);
      event.id = make_event_id(command, 0);
      event.origin.instance = of.instance;
      event.origin.step = s.step;
      event.origin.direction = way;
      event.origin.causation = make_event_id(command, 1);
    }
    event.body = message::opaque(s.message, 1, body(of.key));
    append_request made;
    made.streams.push_back({step == 2 ? s.stream : s.stream + of.key, expected_version::any(), {}});
    made.streams.back().events.push_back(std::move(event));
    return made;
  }

private:
  static std::string body(const std::string& key) {
    return R"({"order_id":")" + key +
           R"(","customer":"customer-4711","lines":[{"sku":"85123A","quantity":6},)"
           R"({"sku":"71053","quantity":2}],"total":{"cents":13912,"currency":"EUR"}})";
  }

  bool random_keys_;
  std::uint64_t orders_ = 0;
  std::mt19937_64 random_{42};
};

std::unique_ptr<journal> open(const settings& wanted, const scratch_journal& file) {
  journal_options options;
  options.path = wanted.durability == "memory" ? "memory:" : file.path();
  options.durability = wanted.durability == "relaxed" ? durability::relaxed : durability::durable;
  return open_journal(options);
}

timestamp now_is(std::uint64_t events) {
  return timestamp(std::chrono::nanoseconds(1'700'000'000'000'000'000 + events * 20'000));
}

/// Sends batches until `after(events, seconds, processor_seconds)`, called behind each commit,
/// returns false.
template <class Size, class After>
void send_orders(journal& to, order_maker& maker, Size batch_size, After after) {
  std::uint64_t events = 0;
  for (bool more = true; more;) {
    // A wave of orders goes through its steps together, as under a steady load.
    std::vector<order_maker::order> wave(batch_size());
    for (auto& order : wave) order = maker.next_order();
    for (int step = 0; step < 5 && more; ++step) {
      std::vector<append_request> requests;
      requests.reserve(wave.size());
      for (const auto& order : wave) requests.push_back(maker.request(order, step));
      const auto clock = std::clock();
      const auto start = clock_type::now();
      const auto results = to.commit(requests, now_is(events));
      const double took = seconds_since(start);
      const double worked = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
      if (step == 0)
        for (std::size_t i = 0; i < wave.size(); ++i)
          wave[i].instance = make_instance_id(results[i].first, "order_fulfilment");
      events += wave.size();
      more = after(events, took, worked);
    }
  }
}

void measure_batches(const settings& wanted, report& to) {
  const bool synced = wanted.durability == "durable";
  for (const std::size_t size : {1U, 10U, 64U, 1000U}) {
    samples rates, floors, ratios, raw, plain;
    for (std::size_t n = 0; n < wanted.runs; ++n) {
      const scratch_journal file(wanted.directory, "bench");
      const auto journal = open(wanted, file);
      order_maker maker(wanted.random_keys);
      double total = 0;
      double rate = 0;
      send_orders(
          *journal, maker, [&] { return size; },
          [&](std::uint64_t events, double took, double) {
            total += took;
            rate = static_cast<double>(events) / total;
            return total < wanted.seconds && events < 500'000;
          });
      rates.add(rate);
      if (wanted.durability == "memory") continue;
      floors.add(storage_floor::bare_inserts(wanted.directory, size, synced, wanted.seconds / 2));
      ratios.add(100 * rate / floors.values.back());
      if (!synced) continue;
      raw.add(storage_floor::raw_rows(wanted.directory, size, wanted.seconds / 2));
      plain.add(storage_floor::plain_file(wanted.directory, size, wanted.seconds / 2));
    }
    const auto name = "append, " + wanted.durability + ", " + std::to_string(size) + " a commit";
    to.add(name, "events/s", rates);
    if (floors.values.empty()) continue;
    to.add(name + ": the floor, bare inserts", "events/s", floors);
    to.add(name + ": of the floor", "%", ratios);
    if (!synced) continue;
    to.add(name + ": raw rows of 256 bytes", "events/s", raw);
    to.add(name + ": a plain file, 256 bytes each", "events/s", plain);
  }
}

/// Of a journal of a million events: all of it in order, and entities' streams of two events.
void measure_reads(const settings& wanted, report& to) {
  const scratch_journal file(wanted.directory, "bench");
  const auto journal = open(wanted, file);
  order_maker maker(wanted.random_keys);
  send_orders(
      *journal, maker, [] { return std::size_t{1000}; },
      [&](std::uint64_t events, double, double) { return events < 1'000'000; });
  const auto reader = journal->open_reader();
  samples all, streams;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    std::uint64_t events = 0;
    auto start = clock_type::now();
    for (position next{1}; seconds_since(start) < wanted.seconds;) {
      const auto page = reader->read_all(next);
      events += page.size();
      next = page.size() < read_page ? position{1} : position{page.back().position.value + 1};
    }
    all.add(static_cast<double>(events) / seconds_since(start));
    std::mt19937_64 random(n);
    std::uint64_t loaded = 0;
    start = clock_type::now();
    for (; seconds_since(start) < wanted.seconds; ++loaded)
      if (reader->read_stream("order-" + std::to_string(10'000'001 + random() % 200'000), {0})
              .size() != 2)
        throw std::runtime_error("an order's stream does not have its two events");
    streams.add(static_cast<double>(loaded) / seconds_since(start));
  }
  to.add("read all, " + wanted.durability, "events/s", all);
  to.add("load a stream of two events, " + wanted.durability, "streams/s", streams);
}

void measure_growth(const settings& wanted, report& report_to) {
  const scratch_journal file(wanted.directory, "bench");
  const auto to = open(wanted, file);
  order_maker maker(wanted.random_keys);
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::size_t> sizes(64, 1000);
  std::array<double, 10> rates{};
  std::size_t tenth = 0;
  std::uint64_t events_before = 0;
  double seconds = 0;
  std::uint64_t written_before = bytes_written();
  double processor = 0;
  double longest = 0;
  send_orders(
      *to, maker, [&] { return sizes(random); },
      [&](std::uint64_t events, double took, double worked) {
        seconds += took;
        processor += worked;
        longest = std::max(longest, took);
        if (events < wanted.events * (tenth + 1) / 10) return true;
        const auto in_tenth = static_cast<double>(events - events_before);
        const auto written = bytes_written();
        rates[tenth] = in_tenth / seconds;
        std::printf("tenth %2zu: %8.0f events/s; an event: %5.2f us of processor, %5.0f bytes "
                    "written; longest commit %.0f ms\n",
                    tenth + 1, rates[tenth], processor / in_tenth * 1e6,
                    static_cast<double>(written - written_before) / in_tenth, longest * 1000);
        written_before = written;
        std::fflush(stdout);
        events_before = events;
        seconds = processor = longest = 0;
        return ++tenth < rates.size();
      });
  samples last;
  last.add(100 * rates.back() / rates.front());
  report_to.add("append, " + wanted.durability + ": the last tenth, of the first", "%", last);
  if (wanted.durability == "memory") return;
  const auto size = static_cast<double>(std::filesystem::file_size(file.path()));
  std::printf("file: %.0f bytes an event\n", size / static_cast<double>(events_before));
}

void parse(CLI::App& app, settings& wanted) {
  app.add_option("mode", wanted.mode)->check(CLI::IsMember({"batches", "reads", "growth"}));
  app.add_option("--dir", wanted.directory)->check(CLI::ExistingDirectory);
  app.add_option("--durability", wanted.durability)
      ->check(CLI::IsMember({"memory", "relaxed", "durable"}));
  app.add_option("--events", wanted.events, "of the growth")->check(CLI::PositiveNumber);
  app.add_flag("--random-keys", wanted.random_keys);
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--seconds", wanted.seconds)->check(CLI::PositiveNumber);
  app.add_option("--json", wanted.json, "write the figures there");
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"How fast the journal records and reads events"};
  parse(app, wanted);
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    samples syncs;
    syncs.add(orders::measure_flush_rate(wanted.directory.string()).value_or(0));
    to.add("the disk, before " + wanted.mode, "syncs/s", syncs);
    if (wanted.mode == "growth")
      measure_growth(wanted, to);
    else if (wanted.mode == "reads")
      measure_reads(wanted, to);
    else
      measure_batches(wanted, to);
  });
}
