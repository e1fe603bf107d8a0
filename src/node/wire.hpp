#pragma once

#include <ensemble/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ensemble::node {

/// Writes numbers and texts behind each other. Numbers take as many bytes as they need: seven bits
/// each, the lowest first, the eighth bit set in all but the last (LEB128, as in WebAssembly).
class wire_writer {
public:
  void number(std::uint64_t value);
  /// Its length, and then itself.
  void text(std::string_view value);
  void bytes(const std::uint8_t* from, std::size_t count);

  [[nodiscard]] std::string take() noexcept { return std::move(out_); }
  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

private:
  std::string out_{};
};

/// Reads what a wire_writer wrote. Each call throws errc::bad_message where the bytes are not that.
class wire_reader {
public:
  explicit wire_reader(std::string_view bytes) noexcept : all_(bytes), left_(bytes) {}

  /// At most `most`. A number has one form only: the shortest.
  [[nodiscard]] std::uint64_t number(std::uint64_t most = ~std::uint64_t{});
  [[nodiscard]] std::string_view text();
  void bytes(std::uint8_t* to, std::size_t count);
  /// How many elements follow, each at least one byte long: so never more than there are bytes.
  [[nodiscard]] std::size_t count();

  /// Whatever follows is not looked at.
  void skip_rest() noexcept { left_ = {}; }

  [[nodiscard]] bool done() const noexcept { return left_.empty(); }
  [[noreturn]] void refuse(const std::string& why) const;

private:
  [[nodiscard]] std::string_view take(std::size_t count);

  std::string_view all_;
  std::string_view left_;
};

} // namespace ensemble::node
