#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace orders {

/// Tells how far a run is: on a terminal by a bar with the rate and the time left, elsewhere by a
/// plain line every few seconds.
class progress {
public:
  using clock = std::chrono::steady_clock;

  /// `what` is counted, as in `orders`. The stream must outlive the progress.
  progress(std::ostream& out, bool terminal, std::string what, std::uint64_t total,
           clock::time_point now = clock::now());

  /// It turned out that there is less, or more, to do.
  void set_total(std::uint64_t total) noexcept { total_ = total; }
  /// Draws anew if it is time to. May be called as often as one likes.
  void show(std::uint64_t done, clock::time_point now = clock::now());
  /// Draws for the last time, and ends the line.
  void finish(std::uint64_t done, clock::time_point now = clock::now());

private:
  void draw(std::uint64_t done, clock::time_point now);

  std::ostream& out_;
  bool terminal_;
  std::string what_;
  std::uint64_t total_;
  clock::time_point began_;
  clock::time_point next_;
  std::size_t width_ = 0; ///< of what stands in the line
};

} // namespace orders
