#include "orders/checks/saga_trace.hpp"
#include "orders/commands/commands.hpp"
#include "orders/commands/story.hpp"
#include "orders/domain/fulfilment.hpp"
#include "orders/shop.hpp"
#include "orders/text.hpp"

#include <ensemble/control.hpp>
#include <nlohmann/json.hpp>

#include <iomanip>
#include <ostream>
#include <unordered_map>

namespace orders {

namespace {

using ensemble::recorded_event;

/// What is worth telling of a message beside its name. The engine's come as texts.
std::string detail_of(const ensemble::message& body) {
  if (const auto* created = body.get_if<order_created>())
    return to_text(created->total) + ", " + std::to_string(created->lines.size()) + " lines, " +
           (created->customer ? "customer " + *created->customer : "no customer");
  const auto json = nlohmann::json::parse(body.text(), nullptr, false);
  std::string text;
  if (const auto n = json.find("n"); n != json.end()) text = "attempt " + n->dump();
  if (const auto reason = json.find("reason"); reason != json.end() && reason->is_string())
    text += (text.empty() ? "" : ": ") + reason->get<std::string>();
  if (const auto amount = json.find("amount"); amount != json.end())
    text += to_text(money{amount->value("cents", std::int64_t{0})});
  if (const auto moved = json.find("moved"); moved != json.end())
    text += std::to_string(moved->size()) + " items";
  return text;
}

std::string asked_for(const ensemble::event_origin& o) {
  if (o.direction == ensemble::direction::none) return {};
  return std::string(to_string(o.direction)) + (o.step.empty() ? "" : " " + o.step) +
         (o.round == 0 ? "" : ", round " + std::to_string(o.round));
}

void tell(std::ostream& out, const recorded_event& e,
          const std::unordered_map<ensemble::event_id, const recorded_event*>& by_id) {
  out << std::setw(9) << e.position.value << "  " << to_text(e.time) << "  " << std::left
      << std::setw(17) << ensemble::category_of(e.stream) << std::setw(30) << e.body.name()
      << std::setw(16) << asked_for(e.origin) << std::right;
  if (const auto cause = by_id.find(e.origin.causation); cause != by_id.end())
    out << "  " << to_text(e.time - cause->second->time) << " after " << cause->second->body.name();
  if (const auto detail = detail_of(e.body); !detail.empty()) out << "  (" << detail << ")";
  out << '\n';
}

} // namespace

int show_order(const read_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const auto story = story_of(*journal, options.order);
  const auto definition = order_fulfilment();
  const auto instance = ensemble::make_instance_id(story[0].position, definition.name);
  saga_trace trace(definition, instance);
  findings found;
  std::unordered_map<ensemble::event_id, const recorded_event*> by_id;
  out << "order " << options.order << "\n";
  for (const auto& e : story) {
    tell(out, e, by_id);
    by_id.emplace(e.id, &e);
    if (e.origin.instance == instance) trace.feed(e, found);
  }
  if (story[0].body.is<order_created>())
    out << "saga " << to_string(instance) << ": " << trace.describe() << " after "
        << to_text(story.back().time - story.front().time) << '\n';
  if (story[0].body.is<order_created>() && !trace.terminal()) {
    const auto report = ensemble::instance_reader(options.journal, {definition}).inspect(instance);
    if (!report.stuck.empty())
      out << "stuck since " << to_text(report.since) << ": " << report.stuck
          << " (see orders retry, skip, abort)\n";
  }
  for (const auto& it : found.first()) out << "  ! " << it.rule << ": " << it.text << '\n';
  return found.none() ? 0 : 1;
}

} // namespace orders
