#pragma once

#include "common/samples.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The figures of one benchmark program: each is printed at once, and all are written to a file of
/// JSON that scripts/bench reads.
class report {
public:
  /// `file`: where the figures go; empty: nowhere.
  explicit report(std::filesystem::path file) : file_(std::move(file)) {}
  ~report() = default;
  report(const report&) = delete;
  report& operator=(const report&) = delete;

  /// One figure by its name, such as `orders, durable, conducted, 64 at once`. The unit says what
  /// is better: of a rate (`orders/s`) the higher, of all else the lower.
  void add(std::string name, std::string_view unit, const samples& of);
  /// Writes the file. Throws std::runtime_error if it cannot.
  void write() const;

private:
  struct figure {
    std::string name{};
    std::string unit{};
    samples of{};
  };
  std::filesystem::path file_;
  std::vector<figure> figures_{};
};

/// Measures, then writes the figures to `file` (empty: nowhere). The program's exit code: what
/// `measure` throws is printed, and is a failure.
[[nodiscard]] int run_and_report(const std::string& file,
                                 const std::function<void(report&)>& measure);
