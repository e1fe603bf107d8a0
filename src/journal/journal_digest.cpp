#include "journal/event_checksum.hpp"

#include <ensemble/backup.hpp>

#include <chrono>

namespace ensemble {

namespace {

std::uint32_t checksum_of(const recorded_event& e) {
  storage::event_view view;
  view.position = e.position.value;
  view.version = e.version.value;
  view.time = e.time.time_since_epoch().count();
  view.index = e.index;
  view.schema_version = static_cast<std::uint32_t>(e.body.schema_version());
  view.round = e.origin.round;
  view.last = e.last;
  view.direction = e.origin.direction;
  view.id = e.id;
  view.correlation = e.origin.correlation;
  view.causation = e.origin.causation;
  view.instance = e.origin.instance;
  view.stream = e.stream;
  view.name = e.body.name();
  view.step = e.origin.step;
  view.body = e.body.text();
  return storage::checksum(view);
}

} // namespace

journal_digest digest(journal_reader& reader, position up_to) {
  // FNV-1a, 64 bits, over the events' checksums.
  journal_digest made{0, 0xCBF29CE484222325ULL};
  for (position next{1};; next.value += read_page) {
    const auto page = reader.read_all(next);
    for (const auto& e : page) {
      if (e.position > up_to) return made;
      ++made.events;
      auto rest = checksum_of(e);
      for (int byte = 0; byte < 4; ++byte, rest >>= 8)
        made.hash = (made.hash ^ (rest & 0xFF)) * 0x100000001B3ULL;
    }
    if (page.size() < read_page) return made;
  }
}

} // namespace ensemble
