#pragma once

#include "explorer/random_definition.hpp"
#include "node/ownership.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace node_tests {

/// What an owner records: as whom.
struct written {
  std::string by{}; ///< its incarnation
  std::uint64_t epoch{};
};
ENSEMBLE_MESSAGE(written, 1, by, epoch)

/// Nodes that take shards from each other, on what they have read just now or long ago, and write
/// for those that they believe to own: also when they have slept, and another one owns them since.
/// Answers to their claims get lost. Two of them are starts of one node.
class racing_owners {
public:
  explicit racing_owners(std::uint64_t seed) : dice_(seed) {}

  /// A hundred steps on that journal, which may be another one each time, with the same contents.
  void go_on(ensemble::journal& journal);
  /// What breaks G7 or N2 in what was recorded; empty: nothing.
  [[nodiscard]] std::string violation(ensemble::journal_reader& reader) const;

  [[nodiscard]] std::uint64_t fenced() const noexcept { return fenced_; }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_.size(); }

private:
  static constexpr std::size_t nodes = 3;
  static constexpr std::size_t shards = 2;

  struct belief {
    std::optional<ensemble::node::ownership> seen{}; ///< when it last looked
    std::optional<ensemble::node::ownership> own{};  ///< as whom it writes
  };

  void take(ensemble::journal& journal, std::size_t node, std::size_t shard);
  void write(ensemble::journal& journal, std::size_t node, std::size_t shard);

  explorer::dice dice_;
  std::array<std::array<belief, shards>, nodes> beliefs_{};
  /// Who was told that it has a shard from that epoch on.
  std::map<std::pair<std::size_t, std::uint64_t>, std::string> taken_{};
  std::string told_twice_{};
  std::uint64_t written_ = 0;
  std::uint64_t fenced_ = 0;
};

} // namespace node_tests
