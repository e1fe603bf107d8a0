#pragma once

#include "node/session.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace ensemble::node {

/// What a link tells of itself to whoever asks. Thread-safe.
class link_figures {
public:
  struct values {
    moment heard{};                    ///< when something was heard of the peer
    std::uint64_t bytes_under_way = 0; ///< sent, and not taken there yet
    std::string ended{};               ///< why; empty: it is up
  };
  void set_heard(moment when) {
    const std::lock_guard lock(mutex_);
    now_.heard = when;
  }
  void set_under_way(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    now_.bytes_under_way = bytes;
  }
  void set_ended(const std::string& why) {
    const std::lock_guard lock(mutex_);
    now_.ended = why;
  }
  [[nodiscard]] values now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

private:
  mutable std::mutex mutex_;
  values now_{};
};

} // namespace ensemble::node
