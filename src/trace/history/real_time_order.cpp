#include "trace/history/real_time_order.hpp"

#include <algorithm>
#include <limits>

namespace ensemble::trace {

namespace {

constexpr position never{std::numeric_limits<std::uint64_t>::max()};

/// Goes through what was asked and told, in the order in which it was.
class real_time_sweep {
public:
  real_time_sweep(const std::vector<timed_operation>& all, history_findings& found)
      : all_(all), found_(found), floor_at_ask_(all.size()) {
    for (std::size_t n = 0; n < all.size(); ++n) {
      steps_.push_back({all[n].asked, false, n});
      if (all[n].answered != 0) steps_.push_back({all[n].answered, true, n});
    }
    // Of one moment the asking comes first: neither was before the other.
    std::ranges::sort(steps_, [](const step& a, const step& b) {
      return std::pair(a.at, a.told) < std::pair(b.at, b.told);
    });
  }

  void run() {
    look_back();
    for (const auto& s : steps_)
      if (s.told)
        told(s);
      else
        asked(s.operation);
  }

private:
  struct step {
    history_moment at;
    bool told;
    std::size_t operation;
    position ceiling = never; ///< the first event of whatever was asked later
  };

  void look_back() {
    auto lowest = never;
    for (auto s = steps_.rbegin(); s != steps_.rend(); ++s) {
      s->ceiling = lowest;
      const auto& o = all_[s->operation];
      if (!s->told && o.writes) lowest = std::min(lowest, o.from);
    }
  }

  void asked(std::size_t n) {
    floor_at_ask_[n] = floor_;
    const auto& o = all_[n];
    if (!o.writes || o.from > floor_) return;
    found_.add("S6",
               o.name() + " stands at " + std::to_string(o.from.value) + ", but " + floor_name() +
                   ", which shows position " + std::to_string(floor_.value) +
                   ", was answered before it was asked",
               o.from);
  }

  void told(const step& s) {
    const auto& o = all_[s.operation];
    if (o.writes) {
      raise(o.to, s.operation);
      return;
    }
    const auto place = std::max(o.from, floor_at_ask_[s.operation]);
    if (place >= o.to)
      found_.add("S7",
                 o.name() + " was told what was no longer true when it was asked: not since " +
                     std::to_string(o.to.value),
                 o.to);
    else if (place >= s.ceiling)
      found_.add("S7",
                 o.name() + " was told of position " + std::to_string(place.value) +
                     ", which was asked only after it was answered",
                 place);
    else
      raise(place, s.operation);
  }

  void raise(position to, std::size_t by) {
    if (to <= floor_) return;
    floor_ = to;
    highest_ = by;
  }
  [[nodiscard]] std::string floor_name() const { return all_[highest_].name(); }

  const std::vector<timed_operation>& all_;
  history_findings& found_;
  std::vector<position> floor_at_ask_;
  std::vector<step> steps_{};
  position floor_{}; ///< the lowest that the journal's head can be by now
  std::size_t highest_ = 0;
};

} // namespace

void hold_real_time_order(std::vector<timed_operation> operations, history_findings& found) {
  real_time_sweep(operations, found).run();
}

} // namespace ensemble::trace
