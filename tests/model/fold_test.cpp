#include "model/executor.hpp"
#include "model/machine.hpp"
#include "model/property.hpp"

#include <functional>

// G12, rules 8 and 21: any prefix of a journal gives the same fold and the same due to everyone.

namespace machine {
namespace {

process_definition large() {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}, {"e", "d"}});
  step_of(p, "d").pivot = true;
  step_of(p, "c").undo = {};
  p.deadline = 1h;
  for (auto& s : p.steps) s.within = 10s;
  return p;
}

/// Everything of an instance that anyone acts on, as text.
std::string picture(const instance& i) {
  std::string text = std::to_string(static_cast<int>(i.phase)) + i.failure + i.stuck_reason();
  for (const auto& what : std::any_cast<memory>(i.state).seen) text += "|" + what;
  for (const auto& c : ensemble::due(i))
    text += "\n" + told(c) + " " + to_string(c.id) + to_string(c.target) + to_string(c.cause) +
            c.service + c.body.text() + std::to_string(c.not_before.time_since_epoch().count());
  for (const auto& d : deadlines(i))
    text += "\n" + to_string(d.event.id) + std::to_string(d.at.time_since_epoch().count());
  return text;
}

/// A few events of any kind, sensible or not.
void shuffle_on(script& s, int verb, const std::string& step) {
  const std::vector<std::function<void()>> verbs{[&] { s.works(step); },
                                                 [&] { s.works(step); },
                                                 [&] { s.works(step); },
                                                 [&] { s.breaks(step); },
                                                 [&] { s.refuses(step); },
                                                 [&] { s.is_undone(step); },
                                                 [&] { s.refuses(step, undo); },
                                                 [&] { s.voided(step); },
                                                 [&] { s.times_out(step); },
                                                 [&] { s.acknowledges(step); },
                                                 [&] { s.finishes(); },
                                                 [&] { s.cancels(); },
                                                 [&] { s.retry(); },
                                                 [&] { s.skip(step, forward, worked{step}); },
                                                 [&] { s.abort_requested(); },
                                                 [&] { s.process_times_out(); },
                                                 [&] { s.close_refused(step); }};
  verbs[static_cast<std::size_t>(verb) % verbs.size()]();
}

script random_script() {
  script s(large());
  const auto count = *rc::gen::inRange(0, 30);
  for (int n = 0; n < count && !s.i.terminal(); ++n) {
    const char step = *rc::gen::element('a', 'b', 'c', 'd', 'e');
    shuffle_on(s, *rc::gen::inRange(0, 17), std::string(1, step));
  }
  return s;
}

TEST(Fold, OfAnyPrefixIsTheSameForEveryone) {
  check_property(300, [] {
    const auto s = random_script();
    auto live = begin_instance(s.definition, s.journal.front()); // one event after the other
    for (std::size_t n = 1; n <= s.journal.size(); ++n) {
      if (n > 1) evolve(live, s.journal[n - 1]);
      auto again = begin_instance(s.definition, s.journal.front()); // after a crash
      for (std::size_t k = 1; k < n; ++k) evolve(again, s.journal[k]);
      RC_ASSERT(picture(live) == picture(again));
    }
    RC_ASSERT(picture(live) == picture(s.i));
  });
}

TEST(Fold, EventsFoldedTwiceChangeNothing) {
  check_property(300, [] {
    const auto s = random_script();
    auto twice = begin_instance(s.definition, s.journal.front());
    for (std::size_t n = 1; n < s.journal.size(); ++n)
      for (std::size_t k = 0; k <= n; ++k) evolve(twice, s.journal[k]);
    RC_ASSERT(picture(twice) == picture(s.i));
  });
}

TEST(Fold, NoStepBecomesDueAfterTheDecisionToCompensate) {
  check_property(300, [] {
    const auto s = random_script();
    auto i = begin_instance(s.definition, s.journal.front());
    for (std::size_t n = 1; n < s.journal.size(); ++n) {
      const auto before = i;
      evolve(i, s.journal[n]);
      for (std::size_t k = 0; k < i.steps.size(); ++k)
        if (before.phase == instance_phase::compensating)
          RC_ASSERT(before.steps[k].forward.state != assignment::status::idle ||
                    i.steps[k].forward.state == assignment::status::idle);
    }
  });
}

TEST(Fold, AfterThePivotNothingCompensates) {
  check_property(300, [] {
    const auto s = random_script();
    auto i = begin_instance(s.definition, s.journal.front());
    for (std::size_t n = 1; n < s.journal.size(); ++n) {
      const bool past = i.past_pivot();
      evolve(i, s.journal[n]);
      if (past) RC_ASSERT(i.phase != instance_phase::compensating);
    }
  });
}

TEST(Fold, ParticipantsTogetherDoWhatTheConductorDoes) {
  check_property(300, [] {
    const auto s = random_script();
    executor_role all;
    const auto conducted = executor(all, {}).act(s.i, s.now + 2h);
    std::vector<std::string> danced;
    std::size_t deadlines_kept = 0;
    for (const auto* service : {"s_a", "s_b", "s_c", "s_d", "s_e", "owner"}) {
      executor_role own;
      own.acts_for = [&](std::string_view of) { return of == service; };
      own.keeps_deadlines = std::string_view(service) == "owner";
      const auto part = executor(own, {}).act(s.i, s.now + 2h);
      for (const auto& out : part.send)
        danced.push_back(told(out.command) + to_string(out.command.id));
      deadlines_kept += part.record.size();
    }
    std::vector<std::string> wanted;
    for (const auto& out : conducted.send)
      wanted.push_back(told(out.command) + to_string(out.command.id));
    std::ranges::sort(wanted);
    std::ranges::sort(danced);
    RC_ASSERT(danced == wanted);
    RC_ASSERT(deadlines_kept == conducted.record.size());
  });
}

} // namespace
} // namespace machine
