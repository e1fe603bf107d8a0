// A raw CAF actor that sends commands to a service, and awaits the process that they start.

#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>
#include <chrono>

#include <iostream>

struct order_tea {
  std::string id{};
};
struct tea_ordered {
  std::string id{};
};
struct boil_water {
  std::string id{};
};
struct water_boiled {
  std::string id{};
};
ENSEMBLE_MESSAGE(order_tea, 1, id)
ENSEMBLE_MESSAGE(tea_ordered, 1, id)
ENSEMBLE_MESSAGE(boil_water, 1, id)
ENSEMBLE_MESSAGE(water_boiled, 1, id)

using ensemble::decision;

ensemble::service_definition kitchen() {
  return ensemble::service<>("kitchen")
      .on<order_tea>(&order_tea::id,
                     [](const order_tea& c) -> decision<tea_ordered> { return tea_ordered{c.id}; })
      .on<boil_water>(&boil_water::id, [](const boil_water& c) -> decision<water_boiled> {
        return water_boiled{c.id};
      });
}

struct tea {
  std::string id{};
};
ensemble::process_definition tea_making() {
  return ensemble::process<tea>("tea_making", "kitchen")
      .deadline(std::chrono::minutes(10))
      .starts_on<tea_ordered>([](tea& t, const tea_ordered& e) { t.id = e.id; })
      .step("water")
      .asks("kitchen", [](const tea& t) { return boil_water{t.id}; })
      .succeeds_on<water_boiled>()
      .pivot();
}

/// Orders three cups at once. Nothing here blocks; every answer is a message, and the tag that the
/// actor chose says to which of its commands.
caf::behavior guest(caf::event_based_actor* self, ensemble::runtime* kitchen_runtime) {
  constexpr std::uint64_t cups = 3;
  for (std::uint64_t cup = 1; cup <= cups; ++cup)
    send_from(self, *kitchen_runtime, "kitchen", order_tea{"cup-" + std::to_string(cup)}, {}, cup);
  return {
      [=](const ensemble::command_receipt& m) {
        if (m.failure)
          std::cout << "cup " << m.tag << " is not ordered: " << m.failure->what() << '\n';
        else
          await_from(self, *kitchen_runtime, *m.result, std::chrono::seconds(10), m.tag);
      },
      [=, served = std::uint64_t{0}](const ensemble::process_outcome& m) mutable {
        std::cout << "cup " << m.tag << ": " << to_string(m.result.kind) << '\n';
        if (++served == cups) self->quit();
      },
  };
}

int main() {
  caf::actor_system_config config;
  caf::actor_system system(config);
  ensemble::runtime runtime({.journal = "memory:"});
  runtime.host(kitchen()).orchestrate(tea_making()).start();
  caf::scoped_actor self(system);
  self->wait_for(self->spawn(guest, &runtime));
  return runtime.stats().instances_completed == 3 ? 0 : 1;
}
