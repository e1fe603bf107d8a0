#include "orders/checks/verification.hpp"

#include <ostream>

namespace orders {

namespace {

std::uint64_t count_of(const findings& found, std::initializer_list<const char*> rules) {
  std::uint64_t count = 0;
  for (const auto* rule : rules) count += found.count(rule);
  return count;
}

void line(std::ostream& out, const char* rules, const std::string& what, std::uint64_t broken) {
  out << "  " << rules << std::string(7 - std::string_view(rules).size(), ' ') << what << ": "
      << (broken == 0 ? "holds" : "BROKEN " + std::to_string(broken) + " times") << '\n';
}

} // namespace

void print(std::ostream& out, const verification_report& r) {
  const auto& found = r.found;
  out << "checked     " << r.events << " events of " << r.orders << " orders\n";
  line(out, "D1",
       "money, authorised " + to_text(r.authorised) + " - refunded " + to_text(r.refunded) +
           (r.open == 0 ? " = confirmed " : ", confirmed ") + to_text(r.confirmed_money),
       found.count("D1"));
  line(out, "D2",
       "stock, " + std::to_string(r.shipped_units) + " units shipped, " +
           std::to_string(r.reserved_units) + " reserved",
       found.count("D2"));
  line(out, "D3", "one last word an order", found.count("D3"));
  line(out, "D4", "every order is there, and created once", found.count("D4"));
  line(out, "G1-G5",
       "sagas, " + std::to_string(r.completed) + " completed, " + std::to_string(r.compensated) +
           " compensated, " + std::to_string(r.instances - r.completed - r.compensated) + " open",
       count_of(found, {"G1", "G2", "G3", "G4", "G5"}));
  if (r.prefixes != 0)
    line(out, "G12",
         "one fold and one due for conductor and participants, after each of " +
             std::to_string(r.prefixes) + " events",
         found.count("G12"));
  line(out, "S2-S5", "whole decisions, versions and positions without gaps",
       count_of(found, {"S2", "S4", "S5"}));
  if (r.with_history)
    line(out, "S1-S8",
         std::to_string(r.acknowledged) + " answers to clients stand where they were told, " +
             std::to_string(r.unknown) + " commands have none" +
             (r.torn == 0 ? "" : ", " + std::to_string(r.torn) + " lines torn"),
         count_of(found, {"S1", "S3", "S6", "S7", "S8"}));
  if (r.with_gateway)
    out << "  the gateway's " << r.gateway_operations << " operations were held against the journal"
        << " (G3, G4)\n";
  for (const auto& it : found.first()) out << "  ! " << it.rule << ": " << it.text << '\n';
  for (const auto& example : r.open_examples) out << "  open: " << example << '\n';
}

} // namespace orders
