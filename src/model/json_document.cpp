#include "model/json_document.hpp"

#include "model/json_writer.hpp"
#include "model/limits.hpp"

#include <ensemble/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace ensemble {

/// Takes the parser's events (nlohmann's SAX interface). The parser keeps its own stack on the
/// heap, so hostile nesting cannot overflow ours.
class json_document::builder {
public:
  builder(json_document& to, std::string_view what) : to_(to), what_(what) {}

  bool null() { return add(json_kind::null, 0); }
  bool boolean(bool value) { return add(json_kind::boolean, value ? 1 : 0); }
  bool number_integer(std::int64_t value) {
    return add(value < 0 ? json_kind::negative : json_kind::natural,
               static_cast<std::uint64_t>(value));
  }
  bool number_unsigned(std::uint64_t value) { return add(json_kind::natural, value); }
  bool number_float(double value, const std::string&) {
    return add(json_kind::fraction, std::bit_cast<std::uint64_t>(value));
  }
  bool string(const std::string& value) {
    add(json_kind::text, 0);
    to_.nodes_.back().text = keep(value);
    return true;
  }
  bool binary(const std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return open(json_kind::object); }
  bool start_array(std::size_t) { return open(json_kind::list); }
  bool end_array() { return close(); }
  bool end_object() {
    refuse_doubled_names();
    return close();
  }
  bool key(const std::string& name) {
    name_ = keep(name);
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception& e) {
    constexpr int number_overflow = 406;
    if (e.id == number_overflow) refuse("a number is beyond the range of a double");
    refuse("not valid JSON at byte " + std::to_string(at));
  }

private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw error(errc::bad_message, std::string(what_) + ": " + why);
  }

  json_node::slice keep(const std::string& text) {
    const json_node::slice kept{static_cast<std::uint32_t>(to_.pool_.size()),
                                static_cast<std::uint32_t>(text.size())};
    to_.pool_ += text;
    return kept;
  }

  bool add(json_kind kind, std::uint64_t bits) {
    auto& nodes = to_.nodes_;
    if (!open_.empty()) ++nodes[open_.back()].bits;
    nodes.push_back({name_, {}, bits, static_cast<std::uint32_t>(nodes.size() + 1), kind});
    name_ = {};
    return true;
  }

  bool open(json_kind kind) {
    if (open_.size() == nesting_limit)
      refuse("nested more than " + std::to_string(nesting_limit) + " levels deep");
    add(kind, 0);
    open_.push_back(static_cast<std::uint32_t>(to_.nodes_.size() - 1));
    return true;
  }

  bool close() {
    to_.nodes_[open_.back()].end = static_cast<std::uint32_t>(to_.nodes_.size());
    open_.pop_back();
    return true;
  }

  void refuse_doubled_names() {
    names_.clear();
    const auto size = static_cast<std::uint32_t>(to_.nodes_.size());
    for (std::uint32_t at = open_.back() + 1; at < size; at = to_.nodes_[at].end)
      names_.push_back(to_.name_of(at));
    std::ranges::sort(names_);
    const auto doubled = std::ranges::adjacent_find(names_);
    if (doubled != names_.end())
      refuse("the name " + quote(*doubled) + " stands twice in one object");
  }

  json_document& to_;
  std::string_view what_;
  std::vector<std::uint32_t> open_{}; ///< the lists and objects that are not closed yet
  json_node::slice name_{};           ///< of the next value
  std::vector<std::string_view> names_{};
};

json_document::json_document(const std::string& text, std::string_view what) {
  const auto refuse = [&](const std::string& why) {
    throw error(errc::bad_message, std::string(what) + ": " + why);
  };
  if (text.size() > message_limit)
    refuse("longer than " + std::to_string(message_limit) + " bytes of JSON");
  // The parser takes a NUL for the end of its input, and would not see what stands behind it.
  if (const auto nul = text.find('\0'); nul != std::string::npos)
    refuse("not valid JSON at byte " + std::to_string(nul + 1));
  builder build(*this, what);
  if (!nlohmann::json::sax_parse(text, &build)) refuse("not valid JSON");
}

} // namespace ensemble
