#include "runtime/event_observer.hpp"

#include "model/thrown.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace ensemble::internal {

namespace {
const auto read_atom = caf::atom("read");
constexpr std::size_t page_size = 256;
} // namespace

event_observer::event_observer(caf::actor_config& config, environment_ptr env,
                               std::shared_ptr<journal_reader> reader, position from,
                               event_callback callback, std::shared_ptr<std::atomic<bool>> noticed,
                               caf::actor supervisor)
    : base_actor(config, std::move(env), "observer"),
      reader_(std::move(reader)),
      next_{std::max<std::uint64_t>(from.value, 1)},
      noticed_(std::move(noticed)),
      callback_(std::move(callback)) {
  supervisor_ = std::move(supervisor);
}

caf::behavior event_observer::make_behavior() {
  return {
      [this](const journal_grew&) {
        *noticed_ = false; // before reading: what comes later is noticed anew
        if (reading_) return;
        reading_ = true;
        send(this, read_atom);
      },
      [this](caf::atom_value what) {
        if (what == read_atom) read_page();
      },
      [this](const durable_page& m) { show(*m.events); },
      [](const directory_changed&) {},
  };
}

// One page a message, so that an exit is not held up by a long journal.
void event_observer::read_page() {
  reading_ = false;
  try {
    auto page = std::make_shared<std::vector<recorded_event>>(reader_->read_all(next_, page_size));
    if (page->empty()) return;
    reading_ = true;
    env().gate.pass([self = caf::actor_cast<caf::actor>(this), page = std::move(page)] {
      caf::anon_send(self, durable_page{page});
    });
  } catch (...) {
    fail(thrown_text());
  }
}

void event_observer::show(const std::vector<recorded_event>& page) {
  try {
    for (const auto& event : page) {
      const inside_handler guard;
      callback_(event);
      next_ = {event.position.value + 1};
    }
  } catch (...) {
    fail(thrown_text());
    return;
  }
  send(this, read_atom);
}

void event_observer::fail(const std::string& why) {
  const auto text = "an observer failed at position " + std::to_string(next_.value) + ": " + why;
  log().error("{}", text);
  send(supervisor_, runtime_failed{std::make_shared<error>(errc::handler_failed, text)});
  quit();
}

} // namespace ensemble::internal
