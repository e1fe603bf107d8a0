#pragma once

#include "orders/checks/findings.hpp"
#include "orders/domain/messages.hpp"

#include <ensemble/event.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orders {

/// A file of what clients were told: a line `ORDER POSITION` for each order whose receipt came.
/// A line is one write, so several runs may add to it, and a killed one leaves whole lines but for
/// the last. Safe to use from several threads.
class acknowledged_file {
public:
  /// Opens or makes the file. Throws errc::bad_argument when that fails.
  explicit acknowledged_file(const std::string& path);
  ~acknowledged_file();
  acknowledged_file(const acknowledged_file&) = delete;
  acknowledged_file& operator=(const acknowledged_file&) = delete;

  /// Throws errc::bad_argument when it cannot be written.
  void add(std::string_view order_id, ensemble::position at);

private:
  int file_;
};

/// S1: every order that was acknowledged stands in the journal, at the position that was told.
class acknowledged_check {
public:
  /// Reads the file: 40 bytes a line. Throws errc::bad_argument when it cannot be read.
  acknowledged_check(const std::string& path, findings& found);

  void feed(const ensemble::recorded_event& e);
  void finish();
  [[nodiscard]] std::size_t acknowledged() const noexcept { return told_.size(); }

private:
  findings& found_;
  std::vector<std::pair<std::uint64_t, std::string>> told_{}; ///< by position
  std::size_t next_ = 0;
};

} // namespace orders
