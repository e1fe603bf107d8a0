#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

// Repeated measurements of one figure. The machine is shared, so it is the median that is quoted.

struct samples {
  std::vector<double> values{};

  void add(double value) { values.push_back(value); }
  [[nodiscard]] double median() const {
    auto sorted = values;
    std::ranges::sort(sorted);
    const auto middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
  [[nodiscard]] double least() const { return *std::ranges::min_element(values); }
  [[nodiscard]] double most() const { return *std::ranges::max_element(values); }
};
