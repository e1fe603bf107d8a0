#include "journal/event_checksum.hpp"

#include "journal/crc32c.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace ensemble::storage {

namespace {

// Lays numbers out in little-endian order, whatever the machine's own is.
template <std::size_t Size>
class byte_layout {
public:
  template <class Number>
  void number(Number value) noexcept {
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(Number); ++i, rest >>= 8)
      bytes_[used_++] = static_cast<char>(static_cast<std::uint8_t>(rest));
  }
  void length(std::string_view text) noexcept { number(static_cast<std::uint32_t>(text.size())); }
  void id(const std::array<std::uint8_t, 16>& bytes) noexcept {
    for (const auto byte : bytes) bytes_[used_++] = static_cast<char>(byte);
  }
  [[nodiscard]] std::string_view bytes() const noexcept {
    assert(used_ == Size);
    return {bytes_.data(), Size};
  }

private:
  std::array<char, Size> bytes_{};
  std::size_t used_ = 0;
};

} // namespace

std::uint32_t checksum(const event_view& event) noexcept {
  byte_layout<3 * 8 + 3 * 4 + 2 + 4 * 16 + 4 * 4> fixed;
  fixed.number(event.position);
  fixed.number(event.version);
  fixed.number(event.time);
  fixed.number(event.index);
  fixed.number(event.schema_version);
  fixed.number(event.round);
  fixed.number(static_cast<std::uint8_t>(event.last ? 1 : 0));
  fixed.number(static_cast<std::uint8_t>(event.direction));
  fixed.id(event.id.bytes);
  fixed.id(event.correlation.bytes);
  fixed.id(event.causation.bytes);
  fixed.id(event.instance.bytes);
  fixed.length(event.stream);
  fixed.length(event.name);
  fixed.length(event.step);
  fixed.length(event.body);
  auto crc = crc32c(fixed.bytes());
  crc = crc32c(event.stream, crc);
  crc = crc32c(event.name, crc);
  crc = crc32c(event.step, crc);
  return crc32c(event.body, crc);
}

std::uint32_t checksum(std::string_view book, std::string_view key,
                       std::string_view value) noexcept {
  byte_layout<3 * 4> lengths;
  lengths.length(book);
  lengths.length(key);
  lengths.length(value);
  return crc32c(value, crc32c(key, crc32c(book, crc32c(lengths.bytes()))));
}

} // namespace ensemble::storage
