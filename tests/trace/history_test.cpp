#include "trace/forged_flows.hpp"

#include <ensemble/history.hpp>
#include <ensemble/runtime.hpp>

// What callers, services' own books and subscribers saw, held against a journal. Each rule is
// broken here once.

namespace forged {
namespace {

using ::testing::HasSubstr;

/// A journal of sales with all the evidence of them; then whatever a test plants.
class History : public testing::Test {
protected:
  History() {
    options.processes = {selling()};
    options.quiet = true;
    told.ledgers.push_back({"till", {}});
  }

  /// A sale that a client asked for, as it is told when it has begun.
  forged_sale& sale(const std::string& id) {
    asked_command c{"shop", "place", id, {}, ++moment, 0, told_answer::nothing, "", {}, "", false};
    sales.push_back(std::make_unique<forged_sale>(journal, id));
    c.events = journal.reader().read_all(start_of(sales.back()->i.id), 1);
    c.id = c.events.front().command();
    c.stream = c.events.front().stream;
    c.answer = told_answer::ok;
    c.answered = ++moment;
    told.commands.push_back(c);
    // Outside events stand for themselves.
    return *sales.back();
  }
  std::string key(const forged_sale& s, direction d) {
    return to_string(make_command_id(s.i.id, "pay", d, 0));
  }
  effect_entry& took_effect(const std::string& entry_key, const std::string& what) {
    auto& entries = told.ledgers.front().entries;
    entries.push_back({entry_key, what, effect_entry::kind::effect, 1});
    return entries.back();
  }
  void asked_for_approvals() {
    for (const auto& e : journal.reader().read_all({1}))
      if (e.stream.starts_with("office-"))
        told.commands.push_back(
            {"office", "approve", "", e.command(), 1, 0, told_answer::nothing, "", {}, "", false});
  }
  /// One that is completed, one that is undone.
  void two_sales() {
    auto& done = sale("a");
    done.completes();
    took_effect(key(done, direction::forward), "charge");
    auto& undone = sale("b");
    undone.compensates_after_payment();
    took_effect(key(undone, direction::forward), "charge");
    took_effect(key(undone, direction::undo), "refund");
    asked_for_approvals();
  }

  history_report held() { return verify_history(journal.reader(), told, options); }
  /// The rules that are broken, as in `G3 S1`.
  std::string broken() {
    const auto report = held();
    std::string rules;
    for (const auto& [rule, count] : report.found.counts())
      rules += (rules.empty() ? "" : " ") + rule;
    last = report.text();
    return rules;
  }

  forged_journal journal;
  history told{};
  history_options options{};
  std::vector<std::unique_ptr<forged_sale>> sales{};
  history_moment moment = 0;
  std::string last{};
};

TEST_F(History, HonestSalesHold) {
  two_sales();
  EXPECT_EQ(broken(), "") << last;
  const auto report = held();
  EXPECT_EQ(report.instances, 2U);
  EXPECT_EQ(report.acknowledged, 2U);
  EXPECT_EQ(report.effects, 3U);
  EXPECT_GT(report.prefixes, 8U);
  EXPECT_THAT(report.text(), HasSubstr("2 instances: holds\n"));
}

// --- what callers were told ---

TEST_F(History, SeesAnAnswerThatIsNotInTheJournal) {
  two_sales();
  told.commands.front().events.front().position.value = 77;
  EXPECT_EQ(broken(), "S1");
  told.commands.front().events.clear();
  EXPECT_EQ(broken(), "S8") << "told of nothing, where an event stands";
  told.commands.front().id = command_id::of(4, 4);
  EXPECT_EQ(broken(), "S1 S3");
}

TEST_F(History, SeesAnAnswerWithOtherContents) {
  two_sales();
  told.commands.front().events.front().body = placed{"z"};
  EXPECT_EQ(broken(), "S1");
  EXPECT_THAT(last, HasSubstr("it stands with other contents"));
}

TEST_F(History, SeesWhatNobodyAskedFor) {
  two_sales();
  told.commands.pop_back(); // the approval
  EXPECT_EQ(broken(), "S3");
  told.commands.push_back(
      {"office", "approve", "", {}, 1, 0, told_answer::nothing, "", {}, "", false});
  EXPECT_EQ(broken(), "") << "it may be the one that nobody heard of";
  told.commands.pop_back();
  options.complete = false;
  EXPECT_EQ(broken(), "");
}

TEST_F(History, SeesARefusedCommandThatStands) {
  two_sales();
  auto& c = told.commands.front();
  c.events.clear();
  c.answer = told_answer::turned_away;
  EXPECT_EQ(broken(), "S3");
  c.answer = told_answer::refused;
  c.refusal = "closed";
  EXPECT_EQ(broken(), "S3");
}

TEST_F(History, HoldsRefusalsAndWhatHadNothingToDo) {
  const auto refused = journal.called("shop-r", {engine::command_rejected{"closed"}}).front();
  const auto idle = journal.called("shop-i", {engine::command_acknowledged{}}).front();
  told.commands.push_back({"shop",
                           "place",
                           "r",
                           refused.command(),
                           1,
                           2,
                           told_answer::refused,
                           "shop-r",
                           {},
                           "closed",
                           false});
  told.commands.push_back(
      {"shop", "place", "i", idle.command(), 3, 4, told_answer::ok, "shop-i", {}, "", false});
  EXPECT_EQ(broken(), "") << last;
  told.commands.front().refusal = "full";
  EXPECT_EQ(broken(), "S8");
  told.commands.front().id = command_id::of(5, 5);
  EXPECT_EQ(broken(), "S1 S3");
  told.commands.front().id = {};
  EXPECT_EQ(broken(), "S1 S3") << "answered without a command, and what stands nobody asked for";
}

TEST(NoteAnswer, HoldsAnAnswerAgainstWhatWasAsked) {
  asked_command asked;
  asked.id = command_id::of(1, 1);
  receipt told;
  told.command = command_id::of(2, 2);
  note_answer(asked, &told, nullptr, 1);
  EXPECT_EQ(asked.id, command_id::of(1, 1));
  asked.id = {};
  note_answer(asked, &told, nullptr, 1);
  EXPECT_EQ(asked.id, command_id::of(2, 2));
}

TEST_F(History, SeesAnotherAnswerUnderOneKey) {
  two_sales();
  auto again = told.commands.front();
  again.asked = ++moment;
  again.answered = ++moment;
  again.repeated = true;
  told.commands.push_back(again);
  EXPECT_EQ(broken(), "") << last;
  told.commands.back().repeated = false;
  EXPECT_EQ(broken(), "S8");
  told.commands.back() = again;
  told.commands.back().stream = "shop-elsewhere";
  EXPECT_EQ(broken(), "S8");
}

TEST_F(History, SeesRealTimeTurnedRound) {
  two_sales();
  std::swap(told.commands[0].asked, told.commands[1].asked);
  std::swap(told.commands[0].answered, told.commands[1].answered);
  EXPECT_EQ(broken(), "S6");
}

TEST_F(History, SeesTwoOutcomesOfACommand) {
  two_sales();
  new_event e;
  e.id = make_event_id(told.commands.front().id, 0);
  e.body = placed{"a"};
  journal.record("shop-elsewhere", e);
  options.processes.clear();
  EXPECT_EQ(broken(), "S8");
}

// --- the language of the process ---

TEST_F(History, SeesASaleThatNeverEnds) {
  sale("a").pays();
  took_effect(key(*sales[0], direction::forward), "charge");
  EXPECT_EQ(broken(), "G1");
  options.quiet = false;
  EXPECT_EQ(broken(), "");
}

TEST_F(History, SeesWhatTheDefinitionDoesNotAllow) {
  auto& s = sale("a");
  s.refunds_early();
  took_effect(key(s, direction::undo), "refund");
  options.quiet = false;
  EXPECT_THAT(broken(), HasSubstr("G4"));
  EXPECT_THAT(last, HasSubstr("while the process went forward"));
}

TEST_F(History, SeesAttemptsAgainstThePolicy) {
  options.quiet = false;
  options.modes = false;
  auto& s = sale("a");
  s.attempt_fails("busy");
  EXPECT_EQ(broken(), "") << last;
  journal.now += 1ms;
  s.attempt_fails("busy"); // the policy waits for 100 ms
  EXPECT_EQ(broken(), "G11");
  EXPECT_THAT(last, HasSubstr("before it was to be made"));
}

// --- the books of the till ---

TEST_F(History, SeesADoubledEffect) {
  two_sales();
  told.ledgers.front().entries.front().times = 2;
  EXPECT_EQ(broken(), "G3");
  told.ledgers.front().entries.front().times = 1;
  took_effect(told.ledgers.front().entries.front().key, "charge");
  EXPECT_EQ(broken(), "G3");
}

TEST_F(History, SeesAnEffectThatIsMissing) {
  two_sales();
  auto& entries = told.ledgers.front().entries;
  const auto all = entries;
  entries.erase(entries.begin());
  EXPECT_EQ(broken(), "G3");
  entries = all;
  entries.pop_back(); // the refund
  EXPECT_EQ(broken(), "G4");
}

TEST_F(History, SeesAnEffectThatTheJournalDoesNotKnow) {
  two_sales();
  took_effect("stray", "charge");
  EXPECT_EQ(broken(), "G3");
  options.quiet = false;
  EXPECT_EQ(broken(), "") << "its outcome may be on its way";
  options.quiet = true;
  told.ledgers.front().entries.push_back({"stray", "charge", effect_entry::kind::cancel, 1});
  EXPECT_EQ(broken(), "");
  took_effect("stray", "charge");
  EXPECT_EQ(broken(), "G3 G4") << "after it was cancelled";
}

TEST_F(History, SeesAVoidedOrFailedStepWhoseEffectStands) {
  auto& voided = sale("a");
  voided.word(operator_verb::abort);
  voided.answers("till", "pay", direction::forward, engine::command_voided{});
  voided.cancels();
  auto& declined = sale("b");
  declined.declines();
  declined.cancels();
  EXPECT_EQ(broken(), "") << last;
  took_effect(key(voided, direction::forward), "charge");
  EXPECT_EQ(broken(), "G4");
  told.ledgers.front().entries.back().did = effect_entry::kind::cancel;
  EXPECT_EQ(broken(), "");
  took_effect(key(declined, direction::forward), "charge");
  EXPECT_EQ(broken(), "G4");
}

// --- what subscribers saw ---

class HistoryOfSubscription : public History {
protected:
  using kind = subscription_entry::kind;
  HistoryOfSubscription() {
    two_sales();
    seen().topics = {"charged", "shipped"};
    seen().name = "mailer";
    for (const auto& e : journal.reader().read_all({1}))
      if (e.body.name() == "charged" || e.body.name() == "shipped") at.push_back(e.position);
    for (const auto p : at) {
      saw(kind::began, p);
      saw(kind::handled, p);
    }
  }
  subscription_history& seen() {
    if (told.subscriptions.empty()) told.subscriptions.emplace_back();
    return told.subscriptions.front();
  }
  void saw(kind what, position p) {
    seen().entries.push_back({what, p, "key" + std::to_string(p.value), {}});
  }

  std::vector<position> at{};
};

TEST_F(HistoryOfSubscription, HoldsWithRestartsAndParkedEvents) {
  saw(kind::restarted, {});
  saw(kind::began, at.back());
  saw(kind::handled, at.back());
  saw(kind::checkpoint, journal.reader().head());
  EXPECT_EQ(broken(), "") << last;
}

TEST_F(HistoryOfSubscription, SeesWhatIsOutOfTurn) {
  seen().ordered_by = order_key::correlation;
  std::rotate(seen().entries.begin(), seen().entries.begin() + 2, seen().entries.begin() + 4);
  EXPECT_EQ(broken(), "C1"); // shipped before charged, of one flow
}

TEST_F(HistoryOfSubscription, SeesWhatIsNeitherHandledNorParked) {
  seen().entries.resize(4);
  EXPECT_EQ(broken(), "C2");
  options.quiet = false;
  EXPECT_EQ(broken(), "");
  seen().entries.push_back({kind::checkpoint, journal.reader().head(), "", {}});
  EXPECT_EQ(broken(), "C3");
  seen().parked.push_back({at.back(), "charged", "till-b", "till-b", "", 1, {}});
  EXPECT_EQ(broken(), "C3 C4") << "parked without a cause";
}

} // namespace
} // namespace forged
