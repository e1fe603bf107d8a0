#include "model/drawing.hpp"

#include <string_view>
#include <utility>

namespace ensemble {

namespace {

std::string joined(const drawing::lines& all, const char* between,
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
    text += "  " + id + open + "\"" + told(label) + "\"" + close;
    text += form == shape::pivot ? ":::pivot\n" : form == shape::undo ? ":::undo\n" : "\n";
  }
  void edge(const std::string& from, const std::string& to, const lines& label) override {
    text +=
        "  " + from + " -->" + (label.empty() ? "" : "|\"" + told(label) + "\"|") + " " + to + "\n";
  }
  void back_edge(const std::string& from, const std::string& to, const lines& label) override {
    text += "  " + from + " -. \"" + told(label) + "\" .-> " + to + "\n";
  }
  void end() override {
    text += "  classDef pivot stroke-width:4px\n  classDef undo stroke-dasharray:5 5\n";
  }

private:
  static std::string told(const lines& label) {
    return joined(label, "<br/>", escaped_for_mermaid);
  }
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
    text += "  " + id + " [label=\"" + told(label) + "\"" + attributes(form) + "];\n";
  }
  void edge(const std::string& from, const std::string& to, const lines& label) override {
    text += "  " + from + " -> " + to + (label.empty() ? "" : " [label=\"" + told(label) + "\"]") +
            ";\n";
  }
  void back_edge(const std::string& from, const std::string& to, const lines& label) override {
    text += "  " + from + " -> " + to + " [style=dashed, label=\"" + told(label) + "\"];\n";
  }
  void end() override { text += "}\n"; }

private:
  static std::string told(const lines& label) { return joined(label, "\\n", escaped_for_graphviz); }
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

} // namespace

std::unique_ptr<drawing> make_drawing(diagram_format format) {
  if (format == diagram_format::mermaid) return std::make_unique<mermaid_drawing>();
  return std::make_unique<graphviz_drawing>();
}

} // namespace ensemble
