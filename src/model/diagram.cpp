#include <ensemble/diagram.hpp>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace ensemble {

namespace {

using namespace std::chrono;

/// In the largest unit that leaves no rest, as in `30s` or `72h`.
std::string told(duration d) {
  constexpr std::array<std::pair<duration, const char*>, 6> units{{{hours(1), "h"},
                                                                   {minutes(1), "min"},
                                                                   {seconds(1), "s"},
                                                                   {milliseconds(1), "ms"},
                                                                   {microseconds(1), "us"},
                                                                   {nanoseconds(1), "ns"}}};
  for (const auto& [unit, name] : units)
    if (d % unit == duration{}) return std::to_string(d / unit) + name;
  return {};
}

using lines = std::vector<std::string>;

/// What a step's box says.
lines box_of(const step_definition& s) {
  lines text{s.name};
  if (s.ask) text.push_back(s.ask.service + ": " + std::string(s.ask.command->name));
  for (const auto& awaited : s.awaited)
    text.push_back((awaited.success ? "awaits " : "fails on ") +
                   std::string(awaited.outcome.event->name));
  if (s.only_if) text.emplace_back("only if its condition holds");
  if (s.delay != duration{}) text.push_back("delayed by " + told(s.delay));
  if (s.within != duration{}) text.push_back("within " + told(s.within));
  if (s.pivot) text.emplace_back("pivot");
  return text;
}

/// The drawing, in either language. Ids are made of numbers: names may be words of the language.
class drawing {
public:
  virtual ~drawing() = default;

  enum class shape { plain, conditional, awaiting, pivot, last_word, undo };
  virtual void begin(const std::string& title) = 0;
  virtual void node(const std::string& id, const lines& text, shape form) = 0;
  virtual void edge(const std::string& from, const std::string& to) = 0;
  /// A dashed one: the way back.
  virtual void back_edge(const std::string& from, const std::string& to,
                         const std::string& label) = 0;
  virtual void end() {}

  std::string text{};
};

std::string joined(const lines& all, const char* between,
                   std::string (*escaped)(std::string_view)) {
  std::string out;
  for (const auto& line : all) out += (out.empty() ? "" : between) + escaped(line);
  return out;
}

/// Everything but letters, digits, blanks and a few signs as an entity, so that no name can end a
/// label or be read as markup.
std::string escaped_for_mermaid(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view(" _.,:-").find(c) != std::string_view::npos || byte >= 0x80;
    if (plain)
      out.push_back(c);
    else
      out += "#" + std::to_string(byte) + ";";
  }
  return out;
}

std::string escaped_for_graphviz(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n')
      out += "\\n";
    else
      out.push_back(c);
  }
  return out;
}

class mermaid_drawing final : public drawing {
public:
  void begin(const std::string& title) override {
    text += "flowchart TD\n  start([\"" + escaped_for_mermaid(title) + "\"])\n";
  }
  void node(const std::string& id, const lines& label, shape form) override {
    const auto [open, close] = brackets(form);
    text += "  " + id + open + "\"" + joined(label, "<br/>", escaped_for_mermaid) + "\"" + close;
    text += form == shape::pivot ? ":::pivot\n" : form == shape::undo ? ":::undo\n" : "\n";
  }
  void edge(const std::string& from, const std::string& to) override {
    text += "  " + from + " --> " + to + "\n";
  }
  void back_edge(const std::string& from, const std::string& to,
                 const std::string& label) override {
    text += "  " + from + " -. \"" + escaped_for_mermaid(label) + "\" .-> " + to + "\n";
  }
  void end() override {
    text += "  classDef pivot stroke-width:4px\n  classDef undo stroke-dasharray:5 5\n";
  }

private:
  static std::pair<const char*, const char*> brackets(shape form) {
    switch (form) {
    case shape::conditional: return {"{{", "}}"};
    case shape::awaiting: return {">", "]"};
    case shape::last_word: return {"([", "])"};
    default: return {"[", "]"};
    }
  }
};

class graphviz_drawing final : public drawing {
public:
  void begin(const std::string& title) override {
    text += "digraph process {\n  rankdir=TB;\n  node [shape=box];\n  start [label=\"" +
            escaped_for_graphviz(title) + "\", shape=oval];\n";
  }
  void node(const std::string& id, const lines& label, shape form) override {
    text += "  " + id + " [label=\"" + joined(label, "\\n", escaped_for_graphviz) + "\"" +
            attributes(form) + "];\n";
  }
  void edge(const std::string& from, const std::string& to) override {
    text += "  " + from + " -> " + to + ";\n";
  }
  void back_edge(const std::string& from, const std::string& to,
                 const std::string& label) override {
    text += "  " + from + " -> " + to + " [style=dashed, label=\"" + escaped_for_graphviz(label) +
            "\"];\n";
  }
  void end() override { text += "}\n"; }

private:
  static std::string attributes(shape form) {
    switch (form) {
    case shape::conditional: return ", shape=hexagon";
    case shape::awaiting: return ", shape=cds";
    case shape::pivot: return ", penwidth=3";
    case shape::last_word: return ", shape=oval";
    case shape::undo: return ", style=dashed";
    case shape::plain: break;
    }
    return {};
  }
};

drawing::shape shape_of(const step_definition& s) {
  if (s.pivot) return drawing::shape::pivot;
  if (s.only_if) return drawing::shape::conditional;
  return s.awaits() ? drawing::shape::awaiting : drawing::shape::plain;
}

std::string id_of(std::size_t step) { return "s" + std::to_string(step); }

void draw_step(drawing& d, const process_definition& p, std::size_t n) {
  const auto& s = p.steps[n];
  d.node(id_of(n), box_of(s), shape_of(s));
  if (s.after.empty()) d.edge("start", id_of(n));
  for (const auto before : s.after) d.edge(id_of(before), id_of(n));
  if (!s.undo) return;
  const auto undo = "u" + std::to_string(n);
  d.node(undo, {"undo " + s.name, s.ask.service + ": " + std::string(s.undo.command->name)},
         drawing::shape::undo);
  d.back_edge(id_of(n), undo, s.undone.event ? std::string(s.undone.event->name) : "undone");
}

void draw_last_words(drawing& d, const process_definition& p) {
  const auto node = [&](const char* id, const char* what, const request_definition& r) {
    lines text{what};
    if (r) text.push_back(r.service + ": " + std::string(r.command->name));
    d.node(id, text, drawing::shape::last_word);
  };
  node("completed", "completed", p.complete);
  std::vector<bool> followed(p.steps.size());
  for (const auto& s : p.steps)
    for (const auto before : s.after) followed[before] = true;
  for (std::size_t n = 0; n < p.steps.size(); ++n)
    if (!followed[n]) d.edge(id_of(n), "completed");
  node("compensated", "compensated", p.abort);
  d.back_edge("start", "compensated", "when a step fails, what was done is undone");
}

} // namespace

std::string diagram(const process_definition& process, diagram_format format) {
  mermaid_drawing mermaid;
  graphviz_drawing graphviz;
  drawing& d = format == diagram_format::mermaid ? static_cast<drawing&>(mermaid) : graphviz;
  auto title = process.name + " on " + std::string(process.start.event->name);
  if (process.deadline != duration{}) title += ", deadline " + told(process.deadline);
  d.begin(title);
  for (std::size_t n = 0; n < process.steps.size(); ++n) draw_step(d, process, n);
  draw_last_words(d, process);
  d.end();
  return std::move(d.text);
}

} // namespace ensemble
