#include "orders/commands/commands.hpp"
#include "orders/commands/story.hpp"
#include "orders/shop.hpp"
#include "orders/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace orders {

namespace {

template <class Tag>
nlohmann::json shown(const ensemble::identifier<Tag>& id) {
  return id ? nlohmann::json(to_string(id)) : nlohmann::json(nullptr);
}

void write(std::ostream& out, const ensemble::recorded_event& e) {
  const auto& o = e.origin;
  const nlohmann::ordered_json envelope{
      {"position", e.position.value},
      {"stream", e.stream},
      {"version", e.version.value},
      {"time", to_text(e.time) + "Z"},
      {"id", to_string(e.id)},
      {"correlation", shown(o.correlation)},
      {"causation", shown(o.causation)},
      {"instance", shown(o.instance)},
      {"step", o.step},
      {"direction", std::string(to_string(o.direction))},
      {"round", o.round},
      {"name", std::string(e.body.name())},
      {"schema_version", e.body.schema_version()},
  };
  auto line = envelope.dump();
  line.pop_back();
  // The body is JSON already: as it is stored, it is exported.
  out << line << ",\"body\":" << e.body.text() << "}\n";
}

} // namespace

int export_events(const read_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const auto limit = options.limit == 0 ? ~std::uint64_t{} : options.limit;
  std::uint64_t written = 0;
  if (!options.order.empty()) {
    for (const auto& e : story_of(*journal, options.order))
      if (e.position.value >= options.from && written++ < limit) write(out, e);
    return out ? 0 : 1;
  }
  ensemble::position next{std::max<std::uint64_t>(options.from, 1)};
  const auto head = journal->head();
  while (next <= head && written < limit && out) {
    const auto events = journal->read_all(next, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                    limit - written, ensemble::read_page)));
    if (events.empty()) break;
    for (const auto& e : events) write(out, e);
    written += events.size();
    next.value = events.back().position.value + 1;
  }
  return out ? 0 : 1;
}

} // namespace orders
