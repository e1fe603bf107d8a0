#pragma once

#include "orders/checks/saga_trace.hpp"

#include <cstdint>
#include <unordered_map>

namespace orders {

/// Holds every instance of one process against its definition, in one pass over a journal. Keeps
/// the instances that are open; one that has ended is forgotten, and whatever comes for it later
/// is told as work without an open instance.
class saga_check {
public:
  saga_check(ensemble::process_definition definition, findings& found)
      : definition_(std::move(definition)), found_(found) {}

  void feed(const ensemble::recorded_event& e);

  [[nodiscard]] std::uint64_t started() const noexcept { return started_; }
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
  [[nodiscard]] std::uint64_t compensated() const noexcept { return compensated_; }
  [[nodiscard]] const std::unordered_map<ensemble::instance_id, saga_trace>& open() const noexcept {
    return open_;
  }

private:
  ensemble::process_definition definition_;
  findings& found_;
  std::unordered_map<ensemble::instance_id, saga_trace> open_{};
  std::uint64_t started_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t compensated_ = 0;
};

} // namespace orders
