#pragma once

#include <cstdint>
#include <string_view>

namespace ensemble::storage {

/// CRC-32C (Castagnoli), as in RFC 3720. `before` continues the checksum of the bytes in front.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

/// The two ways to compute it. Apart only for tests: they must agree.
[[nodiscard]] std::uint32_t crc32c_by_table(std::string_view bytes,
                                            std::uint32_t before = 0) noexcept;
/// Only where has_crc32c_instruction().
[[nodiscard]] std::uint32_t crc32c_by_instruction(std::string_view bytes,
                                                  std::uint32_t before = 0) noexcept;
[[nodiscard]] bool has_crc32c_instruction() noexcept;

} // namespace ensemble::storage
