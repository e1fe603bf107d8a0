#include <ensemble/causation.hpp>

#include "trace/text.hpp"
#include "trace/wait_text.hpp"

#include <algorithm>
#include <set>

namespace ensemble {

namespace {

/// Writes arrows, and keeps who takes part. Who takes part is numbered: names may be words of the
/// language.
class sequence {
public:
  explicit sequence(const causation_tree& tree) : tree_(tree) {}

  std::string draw() {
    for (const auto& node : tree_.events) draw(node);
    for (const auto& i : tree_.instances) draw(i);
    std::string text = "sequenceDiagram\n";
    for (std::size_t n = 0; n < names_.size(); ++n)
      text +=
          "  participant p" + std::to_string(n) + " as " + trace::mermaid_text(names_[n]) + "\n";
    return text + arrows_;
  }

private:
  void draw(const causation_event& node) {
    const auto& e = node.event;
    const auto service = std::string(category_of(e.stream));
    const auto name = std::string(e.body.name());
    const auto& o = e.origin;
    const auto asked = trace::asked_text(o.step, o.direction, o.round);
    const auto took =
        node.cause_position.value == 0 ? std::string() : " (" + trace::span_text(node.edge) + ")";
    switch (node.kind) {
    case cause_kind::caller: ask("caller", service, "command", name, e); break;
    case cause_kind::process:
      ask(process_of(node), service, node.command.empty() ? asked : asked + ": " + node.command,
          name + took, e);
      break;
    case cause_kind::policy: {
      const auto& cause = tree_.events[node.cause.value()].event;
      ask(std::string(category_of(cause.stream)), service, "because of " + node.cause_name,
          name + took, e);
      break;
    }
    case cause_kind::engine: note(service, name + (asked.empty() ? "" : " of " + asked)); break;
    case cause_kind::outside:
      arrow("outside", "-->>", service, node.cause_name + " for " + o.step + took);
      break;
    case cause_kind::operator_word:
      arrow("operator", "->>", service, name + (asked.empty() ? "" : " on " + asked));
      break;
    case cause_kind::unexplained: arrow("unexplained", "-->>", service, name); break;
    }
  }

  void draw(const flow_instance& i) {
    for (const auto& wait : i.waits)
      note(i.process, trace::wait_text(wait, tree_.events.front().event.time));
  }

  /// Who gives a process's commands: it has a name where its definition is known.
  static std::string process_of(const causation_event& node) {
    return node.process.empty() ? "process" : node.process;
  }

  /// A command and one of its events; the command is drawn before the first of them.
  void ask(const std::string& from, const std::string& to, const std::string& command,
           const std::string& event, const recorded_event& e) {
    if (asked_.insert({e.command(), to}).second) arrow(from, "->>", to, command);
    arrow(to, "-->>", from, event);
  }

  void arrow(const std::string& from, const char* line, const std::string& to,
             const std::string& label) {
    const auto source = participant(from);
    arrows_ += "  " + source + line + participant(to) + ": " + trace::mermaid_text(label) + "\n";
  }

  void note(const std::string& over, const std::string& text) {
    arrows_ += "  Note over " + participant(over) + ": " + trace::mermaid_text(text) + "\n";
  }

  std::string participant(const std::string& name) {
    auto at = std::ranges::find(names_, name);
    if (at == names_.end()) at = names_.insert(at, name);
    return "p" + std::to_string(at - names_.begin());
  }

  const causation_tree& tree_;
  std::vector<std::string> names_{};
  std::set<std::pair<command_id, std::string>> asked_{};
  std::string arrows_{};
};

} // namespace

std::string causation_tree::mermaid() const { return sequence(*this).draw(); }

} // namespace ensemble
