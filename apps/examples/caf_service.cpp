// A raw CAF actor hosted as a service: it charges cards, and the runtime records what came of it.

#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <map>

struct charge {
  std::string card{};
  int amount{};
};
struct charged {
  std::string card{};
  int amount{};
};
struct declined {
  std::string card{};
};
ENSEMBLE_MESSAGE(charge, 1, card, amount)
ENSEMBLE_MESSAGE(charged, 1, card, amount)
ENSEMBLE_MESSAGE(declined, 1, card)

using charge_card = ensemble::actor_command<charge, charged, declined>; // command, outcomes
using cancel_charge = ensemble::actor_cancel<charge>;

/// What stands outside, and outlives the actor: which keys have charged what, and which are
/// blocked. In real life the card network keeps this.
struct ledger {
  std::map<std::string, int> charges{};
  std::map<std::string, bool> blocked{};
};

caf::behavior card_terminal(caf::event_based_actor* self, ledger* outside) {
  return {
      [=](const charge_card& m) {
        const auto& key = m.context().idempotency_key; // the same for every attempt
        const auto& [card, amount] = m.command();
        if (outside->blocked[key]) return m.fail("the key is blocked");
        if (amount > 100) return m.answer(declined{card});
        const bool fresh = outside->charges.emplace(key, amount).second;
        // The line breaks after the first charge: the actor dies without an answer.
        if (fresh && outside->charges.size() == 1)
          return self->quit(caf::exit_reason::remote_link_unreachable);
        m.answer(charged{card, amount});
      },
      [=](const cancel_charge& m) {
        outside->blocked[m.context().idempotency_key] = true;
        outside->charges.erase(m.context().idempotency_key);
        m.done();
      },
  };
}

int main() {
  caf::actor_system_config config;
  caf::actor_system system(config);
  ledger outside;
  ensemble::runtime runtime({.journal = "memory:"});
  // Spawned before the first command, and again when it has died; each attempt may take 5 s.
  runtime.host(
      ensemble::actor_service(
          "card", [&] { return system.spawn(card_terminal, &outside); }, std::chrono::seconds(5))
          .takes<charge_card>(&charge::card)
          .cancels<charge>());
  runtime.start();

  const auto pay = [&](const charge& c) {
    // A process would repeat a failed attempt by itself; a caller does so under the same key.
    for (;;) try {
        return runtime.send("card", c, {.idempotency_key = c.card}).get();
      } catch (const ensemble::error& e) {
        std::cout << c.card << ": " << e.what() << '\n';
      }
  };
  for (const auto& c : {charge{"visa", 30}, charge{"amex", 500}, charge{"giro", 20}}) {
    const auto receipt = pay(c);
    std::cout << c.card << ": " << receipt.events.front().body.name() << '\n';
  }
  return outside.charges.size() == 2 ? 0 : 1;
}
