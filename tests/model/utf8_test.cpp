#include "model/utf8.hpp"

#include <gtest/gtest.h>

// The borders of RFC 3629, each with its neighbour beyond.

namespace {

using ensemble::utf8_length;

TEST(Utf8, SequencesUpToTheirBordersHaveTheirLength) {
  EXPECT_EQ(utf8_length("a", 0), 1U);
  EXPECT_EQ(utf8_length("\x7F", 0), 1U);
  EXPECT_EQ(utf8_length("\xC2\x80", 0), 2U);
  EXPECT_EQ(utf8_length("\xDF\xBF", 0), 2U);
  EXPECT_EQ(utf8_length("\xE0\xA0\x80", 0), 3U);
  EXPECT_EQ(utf8_length("\xED\x9F\xBF", 0), 3U);
  EXPECT_EQ(utf8_length("\xEF\xBF\xBF", 0), 3U);
  EXPECT_EQ(utf8_length("\xF0\x90\x80\x80", 0), 4U);
  EXPECT_EQ(utf8_length("\xF4\x8F\xBF\xBF", 0), 4U);
  EXPECT_EQ(utf8_length("a\xC2\x80", 1), 2U);
}

TEST(Utf8, WhatIsNoneHasNoLength) {
  EXPECT_EQ(utf8_length("", 0), 0U);
  EXPECT_EQ(utf8_length("a", 1), 0U);
  for (const char* stray : {"\x80", "\xBF", "\xC1\xBF", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(utf8_length(stray, 0), 0U);
  for (const char* cut : {"\xC2", "\xC2x", "\xE1", "\xE1x\x80", "\xE1\x80", "\xE1\x80x", "\xF1",
                          "\xF1x", "\xF1\x80", "\xF1\x80x", "\xF1\x80\x80", "\xF1\x80\x80x"})
    EXPECT_EQ(utf8_length(cut, 0), 0U);
  EXPECT_EQ(utf8_length("\xE0\x9F\xBF", 0), 0U) << "overlong";
  EXPECT_EQ(utf8_length("\xED\xA0\x80", 0), 0U) << "a surrogate";
  EXPECT_EQ(utf8_length("\xF0\x8F\xBF\xBF", 0), 0U) << "overlong";
  EXPECT_EQ(utf8_length("\xF4\x90\x80\x80", 0), 0U) << "beyond U+10FFFF";
}

} // namespace
