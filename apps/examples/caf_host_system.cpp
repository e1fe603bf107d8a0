// A program that has a CAF actor system of its own, and lets a runtime live in it.

#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>

#include <iostream>

struct greet {
  std::string name{};
};
struct greeted {
  std::string name{};
};
ENSEMBLE_MESSAGE(greet, 1, name)
ENSEMBLE_MESSAGE(greeted, 1, name)

ensemble::service_definition reception() {
  return ensemble::service<>("reception")
      .on<greet>(&greet::name, [](const greet& c) -> ensemble::decision<greeted> {
        if (c.name == "nobody") return ensemble::reject("there is nobody to greet");
        return greeted{c.name};
      });
}

int main() {
  // CAF's defaults let one busy pair of actors starve all others: choose these instead.
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-throughput", std::size_t{100});
  caf::actor_system system(config);

  std::size_t greetings = 0;
  {
    ensemble::runtime runtime({.journal = "memory:"});
    use_actor_system(runtime, system); // before start()
    runtime.host(reception()).start();
    for (const std::string name : {"Ada", "nobody", "Grace"}) {
      const auto receipt = runtime.send("reception", greet{name}).get();
      std::cout << name << ": " << receipt.refusal.value_or("greeted") << '\n';
      greetings += receipt.events.size();
    }
  } // the runtime's actors are gone, the program's go on

  caf::scoped_actor self(system);
  self->send(self, "the system goes on");
  self->receive([](const std::string& text) { std::cout << text << '\n'; });
  return greetings == 2 ? 0 : 1;
}
