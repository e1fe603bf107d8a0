#include "orders/driver/progress.hpp"

#include "orders/text.hpp"

#include <algorithm>
#include <ostream>

namespace orders {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t bar_width = 30;

std::string time_left(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 120) return std::to_string(whole) + " s left";
  if (whole < 7200) return std::to_string(whole / 60) + " min left";
  return std::to_string(whole / 3600) + " h left";
}

} // namespace

progress::progress(std::ostream& out, bool terminal, std::string what, std::uint64_t total,
                   clock::time_point now)
    : out_(out),
      terminal_(terminal),
      what_(std::move(what)),
      total_(total),
      began_(now),
      next_(now + (terminal ? clock::duration(100ms) : clock::duration(2s))) {}

void progress::show(std::uint64_t done, clock::time_point now) {
  if (now < next_) return;
  next_ = now + (terminal_ ? clock::duration(100ms) : clock::duration(2s));
  draw(done, now);
}

void progress::finish(std::uint64_t done, clock::time_point now) {
  if (total_ == 0) return; // there was nothing to do
  draw(done, now);
  if (terminal_) out_ << '\n' << std::flush;
}

void progress::draw(std::uint64_t done, clock::time_point now) {
  const auto seconds = std::chrono::duration<double>(now - began_).count();
  const auto rate = seconds > 0.05 ? static_cast<double>(done) / seconds : 0.0;
  const auto share =
      total_ == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  auto text =
      grouped(done) + " of " + grouped(total_) + " " + what_ + ", " + rate_text(rate) + "/s";
  if (done < total_ && rate > 0)
    text += ", " + time_left(static_cast<double>(total_ - done) / rate);
  if (!terminal_) {
    out_ << text << std::endl;
    return;
  }
  const auto filled = static_cast<std::size_t>(share * bar_width);
  const auto percent = std::to_string(static_cast<int>(share * 100));
  text = "[" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
         std::string(3 - std::min<std::size_t>(3, percent.size()), ' ') + percent + " %  " + text;
  const auto width = text.size();
  if (width < width_) text.append(width_ - width, ' '); // wipes what was longer
  width_ = width;
  out_ << '\r' << text << std::flush;
}

} // namespace orders
