#include "explorer/equality.hpp"

#include "explorer/messages.hpp"
#include "model/fold_difference.hpp"

#include <any>

namespace explorer {

using namespace ensemble;

bool equal(const message& a, const message& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  if (a.name() != b.name() || a.schema_version() != b.schema_version()) return false;
  // Without the detour over their texts, for these are compared millions of times.
  if (const auto* m = a.get_if<asked>())
    return m->step == b.as<asked>().step && m->seen == b.as<asked>().seen;
  if (const auto* m = a.get_if<undo_asked>())
    return m->step == b.as<undo_asked>().step && m->seen == b.as<undo_asked>().seen;
  return a.text() == b.text();
}

bool equal(const due_command& a, const due_command& b) { return same(a, b, equal); }

bool equal(const new_event& a, const new_event& b) { return same(a, b, equal); }

std::string difference(const instance& a, const instance& b) {
  auto found = fold_difference(a, b, equal);
  if (found.empty() &&
      std::any_cast<const memory&>(a.state).seen != std::any_cast<const memory&>(b.state).seen)
    found = "state";
  return found;
}

} // namespace explorer
