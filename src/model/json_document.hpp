#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

enum class json_kind : std::uint8_t {
  null,
  boolean,
  negative,
  natural,
  fraction,
  text,
  list,
  object
};

/// One value of a document. Its children, if any, follow it, each with its own children behind it.
struct json_node {
  struct slice {
    std::uint32_t from{}, size{};
  };
  slice name{};         ///< in the pool, when the parent is an object
  slice text{};         ///< in the pool, for a text
  std::uint64_t bits{}; ///< the boolean or number; the number of children of lists and objects
  std::uint32_t end{};  ///< index of the first node that is not within this one
  json_kind kind{};
};

/// JSON text taken apart into one flat list of nodes: no recursion at any depth, 32 bytes a value.
class json_document {
public:
  /// Throws errc::bad_message, beginning with `what`, for text that is not JSON (RFC 8259) within
  /// the limits of limits.hpp, or has a name twice in one object, or a number beyond a double.
  json_document(const std::string& text, std::string_view what);

  [[nodiscard]] const json_node& operator[](std::uint32_t index) const { return nodes_[index]; }
  [[nodiscard]] std::string_view name_of(std::uint32_t index) const {
    return view(nodes_[index].name);
  }
  [[nodiscard]] std::string_view text_of(std::uint32_t index) const {
    return view(nodes_[index].text);
  }

private:
  class builder;
  [[nodiscard]] std::string_view view(json_node::slice s) const {
    return std::string_view(pool_).substr(s.from, s.size);
  }

  std::vector<json_node> nodes_{};
  std::string pool_{}; ///< every name and text, unescaped
};

} // namespace ensemble
