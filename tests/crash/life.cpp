#include "crash/life.hpp"

#include "crash/shop.hpp"
#include "crash/shop_messages.hpp"
#include "journal/sqlite_journal.hpp"
#include "runtime/runtime_access.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace crash {

using namespace ensemble;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;

// One run of the runtime.
class shop_run {
public:
  explicit shop_run(const life_options& options)
      : options_(options),
        world_(std::make_shared<world>(*options.shown, options.operations)),
        runtime_(settings(options)) {
    runtime_access::set_journal(runtime_, open_with_short_log);
    for (auto& service : services(world_)) runtime_.host(std::move(service));
    if (options.mode == process_mode::orchestration)
      runtime_.orchestrate(ordering());
    else
      runtime_.choreograph(ordering());
    runtime_.subscribe(mailer(world_));
    runtime_.on_failure([this](const error& why) {
      const std::lock_guard lock(mutex_);
      failure_ = why.what();
    });
  }

  life_result run() {
    try {
      runtime_.start();
      runtime_.observe({1}, [this](const recorded_event& e) { show(e); });
      give_all();
      end_all();
      settle();
    } catch (const error& why) {
      const bool storage = why.code() == errc::journal_failed || why.code() == errc::journal_full;
      note(storage ? result_.failed : wrong_, why.what());
    }
    runtime_.stop();
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) note(result_.failed, failure_);
    if (!wrong_.empty() && result_.failed.empty()) result_.wrong.push_back(wrong_);
    if (!result_.failed.empty()) result_.wrong.clear(); // what a failed runtime does not end
    if (changed_) result_.wrong.emplace_back("an event was shown twice, and not the same");
    return result_;
  }

private:
  static runtime_options settings(const life_options& options) {
    runtime_options made;
    made.journal = options.journal;
    made.durability = options.durability;
    made.threads = 2;
    made.effect_threads = 2;
    made.recovery_grace = 1ms;
    made.headroom = 0;
    return made;
  }

  static void note(std::string& in, const std::string& text) {
    if (in.empty()) in = text.empty() ? "failed" : text;
  }

  void show(const recorded_event& e) {
    if (!options_.shown->show(e, options_.operations())) changed_ = true;
  }

  void give(const std::string& order, std::string_view service, message command) {
    const auto key = std::string(command.name()) + "-" + order;
    given_.emplace_back(order,
                        runtime_.send(service, std::move(command), {.idempotency_key = key}));
  }

  void give_all() {
    int n = 0;
    for (const auto& order : orders()) {
      ++n;
      give(order, "desk",
           place{order, {"item" + std::to_string(n % 3), "item" + std::to_string(3 + n % 2)}});
      if (order.starts_with("approved")) give(order, "boss", approve{order});
      if (order.starts_with("rejected")) give(order, "boss", deny{order});
    }
  }

  void end_all() {
    std::vector<std::pair<std::string, receipt>> placed_orders;
    for (auto& [order, answer] : given_) {
      auto got = answer.get();
      for (const auto& e : got.events) show(e);
      if (got.stream.starts_with("desk-")) placed_orders.emplace_back(order, std::move(got));
    }
    for (const auto& [order, got] : placed_orders) {
      auto ended = runtime_.await(got, patience);
      if (ended.kind == outcome_kind::stuck && order.starts_with("stuck")) {
        world_->repaired = true;
        operator_word word;
        word.instance = ended.instance;
        word.reason = "it is repaired";
        (void)runtime_.operate(word).get();
        ended = runtime_.await(got, patience);
      }
      const auto wanted = completes(order) ? outcome_kind::completed : outcome_kind::compensated;
      if (ended.kind != wanted)
        note(wrong_, order + " is " + std::string(to_string(ended.kind)) + " " + ended.reason);
      ++result_.ended;
    }
  }

  // Until subscription and policy are at the journal's end.
  void settle() {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (runtime_.stats("mailer").behind + runtime_.stats("audit:confirmed").behind > 0) {
      {
        const std::lock_guard lock(mutex_);
        if (!failure_.empty()) return;
      }
      if (std::chrono::steady_clock::now() > until) return note(wrong_, "subscriptions are behind");
      std::this_thread::sleep_for(1ms);
    }
    if (const auto parked = runtime_.parked("mailer"); parked.size() != 1)
      note(wrong_, std::to_string(parked.size()) + " events are parked, and not one");
  }

  const life_options& options_;
  world_ptr world_;
  std::mutex mutex_;
  std::string failure_;
  std::string wrong_;
  std::atomic<bool> changed_ = false;
  life_result result_;
  std::vector<std::pair<std::string, std::future<receipt>>> given_;
  runtime runtime_;
};

using keys = std::set<std::string>;

// The effects that stand outside, by their keys: called and not cancelled.
keys standing(const evidence& shown, evidence::what called, evidence::what cancelled) {
  keys found;
  for (const auto& e : shown.effects())
    if (e.kind == called) found.insert(e.key);
  for (const auto& e : shown.effects())
    if (e.kind == cancelled) found.erase(e.key);
  return found;
}

void compare(findings& found, const char* name, const keys& outside, const keys& recorded) {
  for (const auto& key : outside)
    if (!recorded.contains(key))
      found.push_back(std::string(name) + " " + key + " stands outside only");
  for (const auto& key : recorded)
    if (!outside.contains(key))
      found.push_back(std::string(name) + " " + key + " is recorded only");
}

void check_order(findings& found, const std::string& order, std::map<std::string, int> n) {
  const auto expect = [&](const char* what, int is, int wanted) {
    if (is != wanted)
      found.push_back(order + ": " + what + " " + std::to_string(is) + " times, not " +
                      std::to_string(wanted));
  };
  const int good = completes(order) ? 1 : 0;
  expect("placed", n["placed"], 1);
  expect("confirmed", n["confirmed"], good);
  expect("cancelled", n["cancelled"], 1 - good);
  expect("items reserved", n["item_reserved"] - n["item_released"], 2 * good);
  expect("charged", n["charged"] - n["refunded"], good);
  expect("shipped", n["shipped"], good);
  expect("notified", n["notified"], good);
  expect("counted", n["sale_counted"], good);
  if (!order.starts_with("poison") && n["mailed"] == 0)
    found.push_back(order + ": nobody was told how it ended");
}

// Every message of the shop has the order's name in it.
std::string order_in(const recorded_event& e) {
  constexpr std::string_view field = "\"order\":\"";
  const auto& text = e.body.text();
  const auto at = text.find(field);
  if (at == std::string::npos) return {};
  const auto from = at + field.size();
  return text.substr(from, text.find('"', from) - from);
}

void check_orders(findings& found, const std::vector<recorded_event>& journal,
                  const evidence& shown) {
  std::map<std::string, std::map<std::string, int>> counts; // by order and event
  for (const auto& e : journal)
    if (const auto order = order_in(e); !order.empty()) ++counts[order][std::string(e.body.name())];
  for (const auto& e : shown.effects())
    if (e.kind == evidence::what::mail) ++counts[e.key]["mailed"];
  for (const auto& order : orders()) check_order(found, order, counts[order]);
}

void check_effects(findings& found, const std::vector<recorded_event>& journal,
                   const evidence& shown) {
  using what = evidence::what;
  keys charges;
  keys refunds;
  for (const auto& e : journal) {
    if (e.body.get_if<charged>()) charges.insert(to_string(e.command()));
    if (e.body.get_if<refunded>()) refunds.insert(to_string(e.command()));
  }
  compare(found, "charge", standing(shown, what::charge, what::cancel_charge), charges);
  compare(found, "refund", standing(shown, what::refund, what::cancel_refund), refunds);
}

} // namespace

std::unique_ptr<journal> open_with_short_log(const journal_options& options) {
  storage::sqlite_settings settings;
  settings.frames_between_checkpoints = 40;
  return storage::make_sqlite_journal(options, std::move(settings));
}

life_result live(const life_options& options) { return shop_run(options).run(); }

findings verify_the_end(const life_options& options) {
  const auto w = std::make_shared<world>(*options.shown, options.operations);
  const auto all_services = services(w);
  conformance_options declared;
  declared.processes.push_back(ordering());
  for (const auto& service : all_services) declared.services.push_back(&service);
  std::map<std::string, const message_type*, std::less<>> types;
  for (const auto& service : all_services)
    for (const auto* type : service.types) types[std::string(type->name)] = type;
  journal_options opening;
  opening.path = options.journal;
  opening.types = [&](std::string_view name) {
    const auto at = types.find(name);
    return at == types.end() ? nullptr : at->second;
  };
  const auto reader = open_journal_reader(opening);
  auto found = verify_shown(*reader, *options.shown, ~std::uint64_t{});
  if (const auto report = conformance(*reader, declared); !report.conforms())
    found.push_back(report.text());
  if (const auto agreement = verify_modes(*reader, declared.processes); !agreement.agrees())
    found.push_back("modes disagree: " + agreement.first.front().text);

  const auto journal = read_all(*reader);
  check_effects(found, journal, *options.shown);
  check_orders(found, journal, *options.shown);
  return found;
}

} // namespace crash
