#include "journal/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace journal_tests {

namespace {

using namespace ensemble::storage;

TEST(Crc32c, GivesTheVectorsOfRfc3720) {
  std::string ascending;
  std::string descending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
    descending += static_cast<char>(31 - i);
  }
  const std::string_view read_command("\x01\xC0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                      "\x00\x14\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x14\x00\x00"
                                      "\x00\x18\x28\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00"
                                      "\x00\x00\x00",
                                      48);
  for (const auto& compute : {crc32c_by_table, crc32c_by_instruction}) {
    if (compute == crc32c_by_instruction && !has_crc32c_instruction()) continue;
    EXPECT_EQ(compute(std::string(32, '\0'), 0), 0x8A9136AAU);
    EXPECT_EQ(compute(std::string(32, '\xFF'), 0), 0x62A8AB43U);
    EXPECT_EQ(compute(ascending, 0), 0x46DD794EU);
    EXPECT_EQ(compute(descending, 0), 0x113FDB5CU);
    EXPECT_EQ(compute(read_command, 0), 0xD9963A56U);
    EXPECT_EQ(compute("123456789", 0), 0xE3069283U);
    EXPECT_EQ(compute("", 0), 0U);
  }
}

TEST(Crc32c, TableAndInstructionAgreeOnAnyBytesInAnyParts) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    const auto whole = crc32c_by_table(bytes);
    const auto cut = bytes.empty() ? 0 : random() % bytes.size();
    const std::string_view view(bytes);
    EXPECT_EQ(crc32c_by_table(view.substr(cut), crc32c_by_table(view.substr(0, cut))), whole);
    if (has_crc32c_instruction()) {
      EXPECT_EQ(crc32c_by_instruction(bytes), whole);
    }
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), whole);
  }
}

} // namespace

} // namespace journal_tests
