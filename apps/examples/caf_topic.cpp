// Raw CAF actors as subscribers: one follows a topic, one joins late and misses nothing. There is
// no process here, and no event sourcing: the journal is in memory.

#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>

#include <iostream>

struct measure {
  std::string room{};
  int degrees{};
};
struct temperature_measured {
  std::string room{};
  int degrees{};
};
struct temperature_alarm {
  std::string room{};
};
ENSEMBLE_MESSAGE(measure, 1, room, degrees)
ENSEMBLE_MESSAGE(temperature_measured, 1, room, degrees)
ENSEMBLE_MESSAGE(temperature_alarm, 1, room)

ensemble::service_definition thermometers() {
  return ensemble::service<>("thermometer")
      .on<measure>(
          &measure::room,
          [](const measure& c) -> ensemble::decision<temperature_measured, temperature_alarm> {
            if (c.degrees > 40) return temperature_alarm{c.room};
            return temperature_measured{c.room, c.degrees};
          });
}

/// Shows everything that begins with `temperature_`, from the first event on, until the alarm.
caf::behavior display(caf::event_based_actor* self, ensemble::runtime* r, std::string name) {
  self->join(topic_group(*r, "temperature_*"));
  auto cursor = std::make_shared<ensemble::topic_cursor>(*r, "temperature_*");
  cursor->start(self); // what was recorded before this actor joined
  return {
      [=](const ensemble::topic_events& m) {
        cursor->take(self, m, [&](const ensemble::recorded_event& e) {
          if (const auto* t = e.body.get_if<temperature_measured>()) {
            std::cout << name + ": " + t->room + " " + std::to_string(t->degrees) + "\n";
          } else {
            std::cout << name + ": alarm\n";
            self->quit();
          }
        });
      },
  };
}

int main() {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system(config);
  ensemble::runtime runtime({.journal = "memory:"});
  use_actor_system(runtime, system);
  runtime.host(thermometers()).start();
  const auto first = system.spawn(display, &runtime, "first");
  for (int degrees = 18; degrees < 22; ++degrees)
    (void)runtime.send("thermometer", measure{"kitchen", degrees}).get();
  const auto late = system.spawn(display, &runtime, "late");
  (void)runtime.send("thermometer", measure{"oven", 250}).get();
  caf::scoped_actor self(system);
  self->wait_for(first, late); // each has seen the alarm, and all before it
}
