#pragma once

#include <ensemble/process.hpp>

#include <stdexcept>
#include <string>

// A small shop for the tests of `play`.
namespace play_shop {

struct ordered {
  std::string id{};
};
ENSEMBLE_MESSAGE(ordered, 1, id)
struct charge {
  std::string id{};
};
ENSEMBLE_MESSAGE(charge, 1, id)
struct charged {
  std::string payment{};
};
ENSEMBLE_MESSAGE(charged, 1, payment)
struct declined {
  std::string reason{};
};
ENSEMBLE_MESSAGE(declined, 1, reason)
struct refund {
  std::string payment{};
};
ENSEMBLE_MESSAGE(refund, 1, payment)
struct refunded {};
ENSEMBLE_MESSAGE(refunded, 1)
struct reserve {
  std::string id{};
};
ENSEMBLE_MESSAGE(reserve, 1, id)
struct reserved {};
ENSEMBLE_MESSAGE(reserved, 1)
struct release {};
ENSEMBLE_MESSAGE(release, 1)
struct released {};
ENSEMBLE_MESSAGE(released, 1)
struct greet {};
ENSEMBLE_MESSAGE(greet, 1)
struct confirm {
  std::string payment{};
};
ENSEMBLE_MESSAGE(confirm, 1, payment)
struct confirmed {};
ENSEMBLE_MESSAGE(confirmed, 1)
struct cancel {
  std::string why{};
};
ENSEMBLE_MESSAGE(cancel, 1, why)
struct cancelled {};
ENSEMBLE_MESSAGE(cancelled, 1)
struct unrelated {};
ENSEMBLE_MESSAGE(unrelated, 1)

struct memory {
  std::string id{}, payment{}, why = "in time";
};

using namespace std::chrono_literals;

/// Payment, then stock, each with its undo; two attempts each.
inline ensemble::process_definition in_line() {
  using state = const memory&;
  return ensemble::process<memory>("in_line", "shop")
      .deadline(1h)
      .starts_on<ordered>([](memory& m, const ordered& e) {
        m.id = e.id;
        if (e.id == "bad") throw std::runtime_error("no such order");
      })
      .step("payment")
      .asks("payment", [](state m) { return charge{m.id}; })
      .succeeds_on<charged>([](memory& m, const charged& e) { m.payment = e.payment; })
      .fails_on<declined>([](memory& m, const declined& e) { m.why = e.reason; })
      .undone_by<refunded>([](state m) { return refund{m.payment}; })
      .within(30s)
      .retries({.attempts = 2})
      .step("stock")
      .after("payment")
      .asks("stock", [](state m) { return reserve{m.id}; })
      .succeeds_on<reserved>()
      .undone_by<released>([](state) { return release{}; })
      .retries({.attempts = 2})
      .completes<confirmed>([](state m) { return confirm{m.payment}; })
      .aborts<cancelled>([](state m) { return cancel{m.why}; });
}

/// Two of the same beside each other, and a third without any event; no last words.
inline ensemble::process_definition side_by_side() {
  using state = const memory&;
  return ensemble::process<memory>("side_by_side", "shop")
      .starts_on<ordered>([](memory& m, const ordered& e) { m.id = e.id; })
      .step("left")
      .asks("payment", [](state m) { return charge{"left of " + m.id}; })
      .succeeds_on<charged>()
      .step("right")
      .asks("payment", [](state m) { return charge{"right of " + m.id}; })
      .succeeds_on<charged>()
      .step("hello")
      .asks("mail", [](state) { return greet{}; });
}

} // namespace play_shop
