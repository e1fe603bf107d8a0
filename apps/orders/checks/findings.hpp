#pragma once

#include <ensemble/history.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orders {

/// A rule that was broken, and how.
struct finding {
  std::string rule{}; ///< as in `D2`
  std::string text{};
};

/// Collects what checks find: counts all, and keeps the first few in full, so that a journal that
/// breaks a rule a million times is told about in a page.
class findings {
public:
  static constexpr std::size_t kept = 20;

  void add(std::string rule, std::string text) {
    ++counts_[rule];
    if (first_.size() < kept) first_.push_back({std::move(rule), std::move(text)});
  }
  /// What others found, all of it counted.
  void add(const ensemble::history_findings& others) {
    for (const auto& [rule, count] : others.counts()) counts_[rule] += count;
    for (const auto& f : others.first())
      if (first_.size() < kept) first_.push_back({f.rule, f.text});
  }
  [[nodiscard]] bool none() const noexcept { return counts_.empty(); }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const noexcept {
    return counts_;
  }
  [[nodiscard]] std::uint64_t count(const std::string& rule) const {
    const auto found = counts_.find(rule);
    return found == counts_.end() ? 0 : found->second;
  }
  [[nodiscard]] const std::vector<finding>& first() const noexcept { return first_; }

private:
  std::map<std::string, std::uint64_t> counts_{};
  std::vector<finding> first_{};
};

} // namespace orders
