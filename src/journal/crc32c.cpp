#include "journal/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace ensemble::storage {

namespace {

using tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Table k advances a byte over k more bytes, so that eight bytes take one round.
constexpr tables make_tables() {
  constexpr std::uint32_t reversed_polynomial = 0x82F63B78;
  tables made{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) != 0 ? crc >> 1 ^ reversed_polynomial : crc >> 1;
    made[0][i] = crc;
  }
  for (std::size_t k = 1; k < made.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const auto shorter = made[k - 1][i];
      made[k][i] = shorter >> 8 ^ made[0][shorter & 0xFF];
    }
  }
  return made;
}

constexpr tables table = make_tables();

std::uint8_t byte_of(char c) noexcept { return static_cast<std::uint8_t>(c); }

} // namespace

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      const auto folded = k < 4 ? crc >> (8 * k) & 0xFF : 0;
      next ^= table[7 - k][folded ^ byte_of(bytes[i + k])];
    }
    crc = next;
  }
  for (; i < bytes.size(); ++i) crc = crc >> 8 ^ table[0][(crc ^ byte_of(bytes[i])) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) std::uint32_t
crc32c_by_instruction(std::string_view bytes, std::uint32_t before) noexcept {
  std::uint64_t crc = ~before;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; i < bytes.size(); ++i) narrow = _mm_crc32_u8(narrow, byte_of(bytes[i]));
  return ~narrow;
}

bool has_crc32c_instruction() noexcept {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}

#else

std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before) noexcept {
  return crc32c_by_table(bytes, before);
}

bool has_crc32c_instruction() noexcept { return false; }

#endif

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
  return has_crc32c_instruction() ? crc32c_by_instruction(bytes, before)
                                  : crc32c_by_table(bytes, before);
}

} // namespace ensemble::storage
