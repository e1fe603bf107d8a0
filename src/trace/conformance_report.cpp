#include <ensemble/conformance.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ensemble {

namespace {

constexpr std::array kinds{conformance_kind::undeclared_reaction, conformance_kind::never_seen,
                           conformance_kind::outside_language};

std::string line_of(const conformance_finding& f) {
  std::string line = "  ";
  if (f.at.value != 0) line += "at " + std::to_string(f.at.value) + ", ";
  if (!f.process.empty()) line += f.process;
  if (f.instance) line += " " + to_string(f.instance);
  return line + (f.process.empty() ? "" : ": ") + f.text + "\n";
}

} // namespace

std::string_view to_string(conformance_kind kind) noexcept {
  switch (kind) {
  case conformance_kind::undeclared_reaction: return "undeclared reaction";
  case conformance_kind::never_seen: return "never seen";
  case conformance_kind::outside_language: return "outside the language";
  }
  return "unknown";
}

bool conformance_report::conforms() const noexcept {
  return count(conformance_kind::undeclared_reaction) == 0 &&
         count(conformance_kind::outside_language) == 0;
}

void conformance_report::add(conformance_finding finding) {
  auto& n = counts[static_cast<std::size_t>(finding.kind)];
  if (++n <= kept) findings.push_back(std::move(finding));
}

std::string conformance_report::text() const {
  std::string out = std::to_string(events) + " events, " + std::to_string(reactions) +
                    " different reactions, " + std::to_string(instances) + " instances replayed\n";
  if (unknown_versions != 0)
    out += std::to_string(unknown_versions) +
           " instances not replayed: they run under a version that was not given\n";
  for (const auto kind : kinds) {
    out += std::string(to_string(kind)) + ": " + std::to_string(count(kind)) + "\n";
    for (const auto& f : findings)
      if (f.kind == kind) out += line_of(f);
    if (count(kind) > kept) out += "  and " + std::to_string(count(kind) - kept) + " more\n";
  }
  return out + (conforms() ? "conforms\n" : "DOES NOT CONFORM\n");
}

std::string conformance_report::json() const {
  using nlohmann::ordered_json;
  ordered_json all{{"conforms", conforms()},
                   {"events", events},
                   {"reactions", reactions},
                   {"instances", instances},
                   {"unknown_versions", unknown_versions},
                   {"counts", ordered_json::object()},
                   {"findings", ordered_json::array()}};
  for (const auto kind : kinds) all["counts"][std::string(to_string(kind))] = count(kind);
  for (const auto& f : findings)
    all["findings"].push_back(
        {{"kind", std::string(to_string(f.kind))},
         {"process", f.process},
         {"instance", f.instance ? ordered_json(to_string(f.instance)) : ordered_json(nullptr)},
         {"position", f.at.value != 0 ? ordered_json(f.at.value) : ordered_json(nullptr)},
         {"text", f.text}});
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace ensemble
