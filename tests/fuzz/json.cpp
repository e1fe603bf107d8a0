#include "fuzz/fuzz.hpp"
#include "model/json_document.hpp"
#include "model/limits.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <set>
#include <vector>

namespace fuzz {

namespace {

using namespace ensemble;
using nlohmann::ordered_json;

/// How deep a text nests, and whether a name stands twice in an object.
struct shape final : nlohmann::json_sax<nlohmann::json> {
  std::size_t deepest = 0;
  bool doubled = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(nlohmann::json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    doubled = doubled || !names_.back().insert(name).second;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

private:
  bool open() {
    names_.emplace_back();
    deepest = std::max(deepest, names_.size());
    return true;
  }
  bool close() {
    names_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> names_{};
};

/// Holds a value, its first node at `at`, against a tree of the other library's. Limited in depth
/// by what was accepted.
std::uint32_t compare(const json_document& d, std::uint32_t at, const ordered_json& with) {
  const auto& node = d[at];
  std::uint32_t next = at + 1;
  switch (node.kind) {
  case json_kind::null: claim(with.is_null(), "null"); break;
  case json_kind::boolean: claim(with == (node.bits != 0), "a boolean"); break;
  case json_kind::negative:
    claim(with.get<std::int64_t>() == static_cast<std::int64_t>(node.bits), "a negative number");
    break;
  case json_kind::natural: claim(with.get<std::uint64_t>() == node.bits, "a number"); break;
  case json_kind::fraction:
    claim(std::bit_cast<std::uint64_t>(with.get<double>()) == node.bits, "a fraction");
    break;
  case json_kind::text: claim(with.get_ref<const std::string&>() == d.text_of(at), "a text"); break;
  case json_kind::list:
    claim(with.is_array() && with.size() == node.bits, "a list's size");
    for (const auto& child : with) next = compare(d, next, child);
    break;
  case json_kind::object:
    claim(with.is_object() && with.size() == node.bits, "an object's size");
    for (const auto& [name, child] : with.items()) {
      claim(name == d.name_of(next), "the name of a field");
      next = compare(d, next, child);
    }
    break;
  }
  claim(node.end == next, "where a value ends");
  return next;
}

} // namespace

/// JSON text and its limits, held against nlohmann's own tree: the same values; and refused is only
/// what is no JSON, or breaks a limit.
void json(input in) {
  const auto text = in.rest();
  shape seen;
  const bool valid = nlohmann::json::sax_parse(text, &seen) && text.find('\0') == text.npos;
  const bool right = valid && seen.deepest <= nesting_limit && !seen.doubled;
  const bool taken = !refused({errc::bad_message}, [&] {
    const json_document document(text, "fuzz");
    claim(right, "what is no JSON, nests too deep or doubles a name is refused");
    (void)compare(document, 0, ordered_json::parse(text));
  });
  claim(taken == right, "JSON within the limits is taken");
}

} // namespace fuzz
