#pragma once

#include "model/json_document.hpp"

#include <ensemble/fields.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// Reads fields out of a parsed document. Fields and elements that are asked for in the order in
/// which they were stored are found at once. Unusable after an exception.
class json_reader final : public field_reader {
public:
  /// `what` begins the path in the texts of errors. Both must outlive the reader.
  json_reader(const json_document& document, std::string_view what)
      : document_(document), what_(what), frames_{{0, 1, 0}} {}

  bool enter_field(std::string_view name) override;
  std::size_t array_size() override;
  void enter_element(std::size_t index) override;
  std::vector<std::string> field_names() override;
  void leave() override { frames_.pop_back(); }
  bool is_null() override { return here().kind == json_kind::null; }
  bool boolean() override;
  std::int64_t integer() override;
  std::uint64_t unsigned_integer() override;
  double number() override;
  std::string text() override;
  [[noreturn]] void refuse(const std::string& why) override;

  /// Refuses a document that is not an object.
  void expect_object();

private:
  struct frame {
    std::uint32_t node{};
    std::uint32_t cursor{}; ///< the child to try next
    std::size_t index{};    ///< its index, in a list
  };
  [[nodiscard]] const json_node& here() const { return document_[frames_.back().node]; }
  [[nodiscard]] std::string path() const;
  [[noreturn]] void refuse_kind(std::string_view expected);
  [[noreturn]] void refuse_fraction();

  const json_document& document_;
  std::string_view what_;
  std::vector<frame> frames_; ///< the document, then everything entered since
};

} // namespace ensemble
