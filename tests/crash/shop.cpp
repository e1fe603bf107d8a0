#include "crash/shop.hpp"

#include "crash/shop_messages.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace crash {

using namespace ensemble;
using namespace std::chrono_literals;

namespace {

constexpr std::array shapes{"good",     "approved", "missing", "declined", "flaky", "lost",
                            "rejected", "late",     "expired", "stuck",    "poison"};

bool is(const std::string& order, std::string_view shape) { return order.starts_with(shape); }

} // namespace

std::vector<std::string> orders() {
  std::vector<std::string> all;
  for (const auto* shape : shapes) all.push_back(std::string(shape) + "_1");
  all.emplace_back("good_2");
  return all;
}

bool completes(const std::string& order) {
  return std::ranges::any_of(std::array{"good", "approved", "flaky", "stuck", "poison"},
                             [&](const char* shape) { return is(order, shape); });
}

world::world(evidence& shown, std::function<std::uint64_t()> operations)
    : shown_(shown), operations_(std::move(operations)) {
  for (const auto& e : shown.effects()) remember(e.kind, e.key);
}

void world::call(evidence::what kind, const std::string& key, bool answer_is_lost) {
  {
    const std::lock_guard lock(mutex_);
    if (blocked_.contains(key)) throw std::runtime_error("blocked");
  }
  note(kind, key, std::stoull(key.substr(0, 16), nullptr, 16));
  const std::lock_guard lock(mutex_);
  if (answer_is_lost && calls_[key] < 3) throw std::runtime_error("the line is bad");
}

void world::note(evidence::what kind, const std::string& key, std::uint64_t cause) {
  {
    const std::lock_guard lock(mutex_);
    remember(kind, key);
  }
  shown_.note(kind, key, cause, operations_());
}

void world::remember(evidence::what kind, const std::string& key) {
  if (kind == evidence::what::cancel_charge || kind == evidence::what::cancel_refund)
    blocked_.insert(key);
  else
    ++calls_[key];
}

namespace {

struct item {
  int reserved = 0;
  void apply(const item_reserved&) { ++reserved; }
  void apply(const item_released&) { --reserved; }
};

service_definition desk() {
  return service<>("desk")
      .on<place>(&place::order,
                 [](const place& c) -> decision<placed> {
                   return placed{c.order, c.items};
                 })
      .on<confirm>(&confirm::order,
                   [](const confirm& c) -> decision<confirmed> { return confirmed{c.order}; })
      .on<cancel>(&cancel::order,
                  [](const cancel& c) -> decision<cancelled> { return cancelled{c.order}; });
}

service_definition stock() {
  return service<item>("stock")
      .on_all<reserve>(
          &reserve::items,
          [](const entities<item>&, const reserve& c) -> decision_on_all<item_reserved> {
            if (is(c.order, "missing")) return reject("there is none left");
            decision_on_all<item_reserved> made = item_reserved{c.items[0], c.order};
            for (std::size_t n = 1; n < c.items.size(); ++n)
              made.add(on(c.items[n], item_reserved{c.items[n], c.order}));
            return made;
          })
      .on_all<release>(
          &release::items,
          [](const entities<item>& all, const release& c) -> decision_on_all<item_released> {
            if (all.home().reserved == 0) return reject("nothing is reserved");
            decision_on_all<item_released> made = item_released{c.items[0], c.order};
            for (std::size_t n = 1; n < c.items.size(); ++n)
              made.add(on(c.items[n], item_released{c.items[n], c.order}));
            return made;
          });
}

service_definition card(const world_ptr& w) {
  using what = evidence::what;
  return service<>("card")
      .effect<charge>(
          &charge::order,
          [w](const charge& c, const effect_context& to) -> decision<charged, declined> {
            if (is(c.order, "declined")) return declined{c.order};
            w->call(what::charge, to.idempotency_key, is(c.order, "flaky"));
            if (is(c.order, "lost")) throw std::runtime_error("never an answer");
            return charged{c.order};
          })
      .cancels<charge>([w](const charge&, const effect_context& to) {
        w->note(what::cancel_charge, to.idempotency_key, 0);
      })
      .effect<refund>(&refund::order,
                      [w](const refund& c, const effect_context& to) -> decision<refunded> {
                        w->call(what::refund, to.idempotency_key, true);
                        return refunded{c.order};
                      })
      .cancels<refund>([w](const refund&, const effect_context& to) {
        w->note(what::cancel_refund, to.idempotency_key, 0);
      });
}

service_definition boss() {
  return service<>("boss")
      .on<approve>(&approve::order,
                   [](const approve& c) -> decision<approved> { return approved{c.order}; })
      .on<approve_again>(&approve_again::order,
                         [](const approve_again& c) -> decision<approved_twice> {
                           return approved_twice{c.order};
                         })
      .on<deny>(&deny::order, [](const deny& c) -> decision<denied> { return denied{c.order}; });
}

service_definition carrier() {
  return service<>("carrier")
      .on<quote>(&quote::order,
                 [](const quote& c) -> decision<quoted> {
                   if (is(c.order, "late")) throw std::runtime_error("out of order");
                   return quoted{c.order};
                 })
      .on<ship>(&ship::order, [](const ship& c) -> decision<shipped> { return shipped{c.order}; });
}

service_definition post(const world_ptr& w) {
  return service<>("post").on<notify>(&notify::order,
                                      [w](const notify& c) -> decision<notified, undeliverable> {
                                        if (is(c.order, "stuck") && !w->repaired)
                                          return undeliverable{c.order};
                                        return notified{c.order};
                                      });
}

service_definition audit() {
  return service<>("audit")
      .on<count_sale>(
          &count_sale::order,
          [](const count_sale& c) -> decision<sale_counted> { return sale_counted{c.order}; })
      .reacts<confirmed>([](const confirmed& e) { return count_sale{e.order}; });
}

} // namespace

subscription_definition mailer(const world_ptr& w) {
  const auto send = [w](const std::string& order, const subscribed_event& e) {
    if (is(order, "poison")) throw std::runtime_error("no such address");
    w->note(evidence::what::mail, order, e.event.position.value);
  };
  return subscription("mailer")
      .on<confirmed>([send](const confirmed& c, const subscribed_event& e) { send(c.order, e); })
      .on<cancelled>([send](const cancelled& c, const subscribed_event& e) { send(c.order, e); })
      .retries({.attempts = 2, .attempt_within = 1h, .first_delay = 1ms, .max_delay = 1ms})
      .checkpoint_every(1ms);
}

namespace {

struct memory {
  std::string order{};
  std::vector<std::string> items{};
};

retry_policy quick(int attempts) {
  return {.attempts = attempts, .attempt_within = 1h, .first_delay = 1ms, .max_delay = 2ms};
}

} // namespace

process_definition ordering() {
  const auto when = [](std::string_view shape) {
    return [shape](const memory& m) { return is(m.order, shape); };
  };
  return process<memory>("ordering", "desk")
      .deadline(24h)
      .retries(quick(1000))
      .starts_on<placed>([](memory& m, const placed& e) {
        m = {e.order, e.items};
      })
      .step("stock")
      .asks("stock",
            [](const memory& m) {
              return reserve{m.order, m.items};
            })
      .succeeds_on<item_reserved>()
      .undone_by<item_released>([](const memory& m) {
        return release{m.order, m.items};
      })
      .retries(quick(1000))
      .step("payment")
      .asks("card", [](const memory& m) { return charge{m.order}; })
      .succeeds_on<charged>()
      .fails_on<declined>()
      .undone_by<refunded>([](const memory& m) { return refund{m.order}; })
      .retries(quick(4))
      .step("quote")
      .after("stock", "payment")
      .only_if(when("late"))
      .asks("carrier", [](const memory& m) { return quote{m.order}; })
      .succeeds_on<quoted>()
      .needs_no_undo()
      .within(15ms)
      .retries(quick(1000))
      .step("approval")
      .after("stock", "payment")
      .only_if([](const memory& m) { return is(m.order, "approved") || is(m.order, "rejected"); })
      .awaits<approved>(&approved::order, &memory::order)
      .awaits_failure<denied>(&denied::order, &memory::order)
      .step("second_approval")
      .after("approval", "quote")
      .only_if(when("expired"))
      .awaits<approved_twice>(&approved_twice::order, &memory::order)
      .within(15ms)
      .step("cooling_off")
      .after("second_approval")
      .delayed_by(3ms)
      .asks("carrier", [](const memory& m) { return quote{m.order}; })
      .succeeds_on<quoted>()
      .needs_no_undo()
      .retries(quick(1000))
      .step("shipping")
      .after("cooling_off")
      .asks("carrier", [](const memory& m) { return ship{m.order}; })
      .succeeds_on<shipped>()
      .pivot()
      .retries(quick(1000))
      .step("notice")
      .after("shipping")
      .asks("post", [](const memory& m) { return notify{m.order}; })
      .succeeds_on<notified>()
      .fails_on<undeliverable>()
      .retries(quick(3))
      .completes<confirmed>([](const memory& m) { return confirm{m.order}; })
      .aborts<cancelled>([](const memory& m) { return cancel{m.order}; });
}

std::vector<service_definition> services(const world_ptr& w) {
  std::vector<service_definition> all;
  all.push_back(desk());
  all.push_back(stock());
  all.push_back(card(w));
  all.push_back(boss());
  all.push_back(carrier());
  all.push_back(post(w));
  all.push_back(audit());
  return all;
}

} // namespace crash
