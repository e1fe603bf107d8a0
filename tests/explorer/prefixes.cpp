#include "explorer/equality.hpp"
#include "explorer/world.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>

namespace explorer {

namespace {

using namespace std::chrono_literals;

/// What a holder that gave nothing before would do, long after everything is due; and what it
/// records when nothing of that was answered.
struct deeds {
  std::vector<due_command> given{};
  std::vector<new_event> recorded{};

  void add(const holder& h, const instance& i, timestamp now) {
    ensemble::executor acting(h.role, std::nullopt);
    for (const auto at : {now, now + 1000h}) {
      auto actions = acting.act(i, at);
      for (auto& out : actions.send) given.push_back(std::move(out.command));
      std::ranges::move(actions.record, std::back_inserter(recorded));
    }
  }
  void sort() {
    std::ranges::stable_sort(given, {}, &due_command::id);
    std::ranges::stable_sort(recorded, {}, &new_event::id);
  }
};

class comparison {
public:
  comparison(world& w, std::uint64_t seed, const faults& f)
      : w_(w),
        faults_(f),
        dice_(seed),
        lagging_(dice_.chance(0.4)),
        conductor_(make_holders(*w.definition, mode::conducted, {})),
        participants_(make_holders(*w.definition, mode::danced, f)) {}

  std::size_t run() {
    auto reference = begin_instance(w_.definition, w_.journal.front());
    for (std::size_t n = 1; n <= w_.journal.size() && w_.violations.empty(); ++n) {
      evolve(reference, w_.journal[n - 1]);
      bool all_here = true;
      for (auto& h : participants_) {
        if (lagging_ && dice_.chance(0.5))
          all_here = false;
        else
          read_and_compare(h, n, reference);
      }
      if (all_here) compare_deeds(n, reference);
    }
    return compared_;
  }

private:
  /// One event that the bus tells of, or all that was missed, or everything anew after a crash.
  void read_and_compare(holder& h, std::size_t n, const instance& reference) {
    if (dice_.chance(0.05)) {
      h.folded.reset();
      h.read = 0;
    } else if (faults_.leave_gaps && h.read + 1 < n && h.folded) {
      h.read = n - 1;
    }
    fold(h, n);
    ++compared_;
    const auto other = difference(*h.folded, reference);
    if (!other.empty())
      w_.violate("G12: after event " + std::to_string(n) + " participant " + h.service +
                 " has folded another " + other);
  }

  void fold(holder& h, std::size_t to) {
    std::vector<const recorded_event*> batch;
    for (; h.read < to; ++h.read) batch.push_back(&w_.journal[h.read]);
    if (faults_.fold_by_topic && h.folded)
      std::ranges::stable_sort(batch, {}, [](const recorded_event* e) { return e->body.name(); });
    with_its_bug(h, [&] {
      for (const auto* e : batch)
        if (h.folded)
          evolve(*h.folded, *e);
        else
          h.folded = begin_instance(w_.definition, *e);
    });
  }

  template <class F>
  void with_its_bug(const holder& h, F f) {
    if (&h == &participants_.back()) planted_bug = faults_.bug_of_one;
    f();
    planted_bug.clear();
  }

  // Rules 9 and 10.
  void compare_deeds(std::size_t n, const instance& reference) {
    const auto now = w_.journal[n - 1].time + 1000h;
    deeds one;
    one.add(conductor_.front(), reference, now);
    deeds all;
    for (auto& h : participants_) {
      const auto from = all.given.size();
      with_its_bug(h, [&] { all.add(h, *h.folded, now); });
      for (std::size_t k = from; k < all.given.size(); ++k)
        if (all.given[k].service != h.service)
          w_.violate("rule 9: " + h.service + " gives a command of " + all.given[k].service);
    }
    one.sort();
    all.sort();
    const auto at = " after event " + std::to_string(n);
    const auto same = [](const auto& a, const auto& b) { return equal(a, b); };
    if (!std::ranges::equal(one.given, all.given, same))
      w_.violate("G12: what the participants owe together is not what the conductor owes" + at);
    if (!std::ranges::equal(one.recorded, all.recorded, same))
      w_.violate("G12: the participants keep other deadlines or attempts than the conductor" + at);
  }

  world& w_;
  const faults& faults_;
  dice dice_;
  bool lagging_;
  std::size_t compared_ = 0;
  std::vector<holder> conductor_;
  std::vector<holder> participants_;
};

} // namespace

std::size_t compare_every_prefix(world& w, std::uint64_t seed, const faults& f) {
  return comparison(w, seed, f).run();
}

} // namespace explorer
