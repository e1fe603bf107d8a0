#include "model/testing_report.hpp"

#include "model/json_document.hpp"
#include "model/json_reader.hpp"
#include "model/json_writer.hpp"

#include <algorithm>

namespace ensemble::detail {
namespace {

void append(std::string& text, const lines& all, std::size_t marked) {
  for (std::size_t i = 0; i < std::max(all.size(), marked + 1); ++i) {
    text += i == marked ? "\n  > " : "\n    ";
    text += i < all.size() ? all[i] : all.empty() ? "(nothing)" : "(nothing more)";
  }
}

} // namespace

message stored(const message& m) {
  if (!m.type())
    throw error(errc::bad_message, m.empty() ? "an empty message stands for nothing"
                                             : "'" + std::string(m.name()) + "' has no type here");
  const message_type& type = *m.type();
  const json_document document(m.text(), type.name);
  json_reader reader(document, type.name);
  const std::string again = write_json(type, type.read(reader).get());
  if (again != m.text())
    throw error(errc::bad_message, std::string(type.name) + " does not come back from its JSON\n" +
                                       "written:    " + m.text() + "\nread again: " + again);
  return message::decode(type, m.text());
}

std::string difference(const lines& expected, const lines& actual) {
  const auto differing = std::ranges::mismatch(expected, actual).in1 - expected.begin();
  const auto marked = static_cast<std::size_t>(differing);
  std::string text = "expected:";
  append(text, expected, marked);
  text += "\nactual:";
  append(text, actual, marked);
  return text;
}

} // namespace ensemble::detail
