#pragma once

#include <ensemble/message.hpp>

#include <string>
#include <string_view>

namespace ensemble {

/// Writes fields as JSON (RFC 8259), without white space, straight into a string. Refuses what a
/// json_reader would not take back: see limits.hpp. After an exception the text is half done.
class json_writer final : public field_writer {
public:
  /// `what` begins the texts of errors. Both must outlive the writer.
  json_writer(std::string& out, std::string_view what) : out_(out), what_(what) {}

  void begin_object() override { open('{'); }
  void field(std::string_view name) override;
  void end_object() override { close('}'); }
  void begin_array() override { open('['); }
  void end_array() override { close(']'); }
  void null() override { literal("null"); }
  void boolean(bool value) override { literal(value ? "true" : "false"); }
  void integer(std::int64_t value) override;
  void unsigned_integer(std::uint64_t value) override;
  void number(double value) override;
  void text(std::string_view value) override;
  [[noreturn]] void refuse(const std::string& why) override;

private:
  void open(char bracket);
  void close(char bracket);
  void literal(std::string_view text);
  void quoted(std::string_view text);
  void separate() {
    if (!first_) out_ += ',';
  }
  void check_size(std::size_t more);

  std::string& out_;
  std::string_view what_;
  std::string_view field_{};
  std::size_t depth_ = 0;
  bool first_ = true; ///< no comma is due before the next value
};

/// The JSON text of a value of that type. Throws errc::bad_message when it has none.
[[nodiscard]] std::string write_json(const message_type& type, const void* value);

/// `text` in quotation marks for an error's text: escaped, and cut after about 60 bytes. Takes any
/// bytes; those that are not UTF-8 become '?'.
[[nodiscard]] std::string quote(std::string_view text);

} // namespace ensemble
