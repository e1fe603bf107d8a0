#pragma once

#include <ensemble/identity.hpp>
#include <ensemble/message.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Messages that only the tests know.
namespace samples {

enum class channel { web, shop };
ENSEMBLE_ENUM(channel, web, shop)

struct line {
  std::string sku{};
  int quantity{};
  friend bool operator==(const line&, const line&) = default;
};
ENSEMBLE_FIELDS(line, sku, quantity)

struct order_created {
  std::string order_id{};
  std::vector<line> lines{};
  channel from = channel::shop;
  friend bool operator==(const order_created&, const order_created&) = default;
};
ENSEMBLE_MESSAGE(order_created, 1, order_id, lines, from)

struct ping {
  friend bool operator==(const ping&, const ping&) = default;
};
ENSEMBLE_MESSAGE(ping, 1)

/// As deep as you like.
struct tree {
  std::vector<tree> children{};
  friend bool operator==(const tree&, const tree&) = default;
};
ENSEMBLE_MESSAGE(tree, 1, children)

/// One field of every kind.
struct everything {
  bool flag{};
  std::int8_t tiny{};
  std::int64_t large{};
  std::uint8_t byte{};
  std::uint64_t huge{};
  float rough{};
  double fine{};
  std::string text{};
  channel from{};
  line nested{};
  std::optional<int> perhaps{};
  std::optional<line> perhaps_line{};
  std::vector<line> lines{};
  std::vector<std::vector<int>> matrix{};
  std::vector<bool> flags{};
  std::vector<std::optional<std::string>> gaps{};
  std::map<std::string, int> counts{};
  std::map<std::string, line> stock{};
  std::chrono::seconds within{};
  ensemble::timestamp at{};
  friend bool operator==(const everything&, const everything&) = default;
};
ENSEMBLE_MESSAGE(everything, 3, flag, tiny, large, byte, huge, rough, fine, text, from, nested,
                 perhaps, perhaps_line, lines, matrix, flags, gaps, counts, stock, within, at)

} // namespace samples
