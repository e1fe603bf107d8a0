#include "trace/forged_flows.hpp"

#include <ensemble/conformance.hpp>

#include <nlohmann/json.hpp>

// A journal held against what was declared. Every kind of finding is planted here once.

namespace forged {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto undeclared = conformance_kind::undeclared_reaction;
constexpr auto unseen = conformance_kind::never_seen;
constexpr auto outside = conformance_kind::outside_language;

struct place {
  std::string id{};
};
struct approve {
  std::string id{};
};
ENSEMBLE_MESSAGE(place, 1, id)
ENSEMBLE_MESSAGE(approve, 1, id)

template <class Command, class... Events>
service_definition one_command(const std::string& name) {
  return service<no_state>(name).template on<Command>(
      &Command::id, [](const Command&) -> decision<Events...> { return {}; });
}

class Conformance : public testing::Test {
protected:
  Conformance() {
    services.push_back(
        service<no_state>("shop")
            .on<place>(&place::id, [](const place&) -> decision<placed> { return {}; })
            .on<confirm>(&confirm::id, [](const confirm&) -> decision<confirmed> { return {}; })
            .on<cancel>(&cancel::id, [](const cancel&) -> decision<cancelled> { return {}; }));
    services.push_back(
        service<no_state>("till")
            .on<charge>(&charge::id,
                        [](const charge&) -> decision<charged, declined, remarked> { return {}; })
            .on<refund>(&refund::id, [](const refund&) -> decision<refunded> { return {}; }));
    services.push_back(one_command<ship, shipped>("depot"));
    services.push_back(one_command<approve, approved>("office"));
  }
  conformance_options options() const {
    conformance_options o;
    o.processes = {selling()};
    for (const auto& s : services) o.services.push_back(&s);
    return o;
  }
  conformance_report held() { return conformance(journal.reader(), options()); }
  static std::vector<std::string> told(const conformance_report& report, conformance_kind kind) {
    std::vector<std::string> texts;
    for (const auto& f : report.findings)
      if (f.kind == kind) texts.push_back(f.text);
    return texts;
  }
  std::vector<std::string> told(conformance_kind kind) { return told(held(), kind); }
  /// Declares that the till refunds whenever that event is recorded.
  template <class Event>
  void policy(const std::string& name) {
    for (auto& s : services)
      if (s.name == name) s.policies.push_back({&type_of<Event>(), &type_of<refund>(), {}});
  }
  /// An event of a policy: because of `cause`.
  recorded_event reacted(const recorded_event& cause, const std::string& stream,
                         const message& body) {
    new_event e;
    e.id = event_id::of(cause.position.value, 77);
    e.origin.correlation = cause.origin.correlation;
    e.origin.causation = cause.id;
    e.body = body;
    return journal.record(stream, e);
  }
  /// An event of the engine about a step, whether it had reason for it or not.
  recorded_event noted(forged_sale& sale, const std::string& step, const message& body,
                       const std::string& stream = {}) {
    new_event e;
    e.id = event_id::of(++notes, 78);
    e.origin = {sale.flow(), sale.i.start_event, sale.i.id, step, direction::forward, 0};
    e.body = body;
    return sale.fold(stream.empty() ? sale.i.stream() : stream, e);
  }

  forged_journal journal;
  std::vector<service_definition> services;
  std::uint64_t notes = 0;
};

TEST_F(Conformance, HonestFlowsConform) {
  forged_sale(journal, "a").completes();
  forged_sale undone(journal, "b");
  undone.attempt_fails("line busy");
  undone.compensates_after_payment();
  forged_sale declined(journal, "c");
  declined.declines();
  declined.cancels();
  forged_sale aborted(journal, "d");
  aborted.word(operator_verb::abort);
  aborted.attempt_fails("too late to matter");
  aborted.answers("till", "pay", direction::forward, engine::command_voided{});
  aborted.cancels();
  forged_sale unshipped(journal, "g");
  unshipped.pays();
  unshipped.is_approved();
  unshipped.answers("depot", "ship", direction::forward, engine::command_rejected{"full"});
  unshipped.refunds();
  unshipped.cancels();
  forged_sale stuck(journal, "e");
  stuck.pays();
  stuck.is_approved();
  stuck.ships();
  stuck.answers("shop", "", direction::complete, engine::command_rejected{"no paper"});
  stuck.word(operator_verb::retry);
  stuck.confirms();
  forged_sale open(journal, "f");
  open.pays();
  const auto report = held();
  EXPECT_TRUE(report.conforms()) << report.text();
  EXPECT_THAT(report.findings, IsEmpty()) << report.text();
  EXPECT_EQ(report.instances, 7U);
  EXPECT_EQ(report.events, journal.reader().head().value);
  EXPECT_THAT(report.text(), HasSubstr("conforms\n"));
}

TEST_F(Conformance, WhatNeverHappenedIsToldAndIsNoFault) {
  forged_sale(journal, "a").completes();
  policy<shipped>("till");
  const auto report = held();
  EXPECT_TRUE(report.conforms());
  EXPECT_THAT(told(report, unseen), UnorderedElementsAre("do pay never came to 'declined'",
                                                         "undo pay never came to 'refunded'",
                                                         "abort never came to 'cancelled'",
                                                         "'till' never reacted to 'shipped'"));
}

TEST_F(Conformance, OutcomesAreDeclaredByTheProcessOrByTheServiceThatDecidesThem) {
  forged_sale sale(journal, "a");
  sale.answers("till", "pay", direction::forward, remarked{});
  EXPECT_TRUE(held().conforms()) << "the till may decide so: a failure of the step";
  auto alone = options();
  alone.services.clear();
  EXPECT_THAT(told(conformance(journal.reader(), alone), undeclared),
              ElementsAre("shop: placed -> till: remarked (do pay), 1 times: neither the process "
                          "nor the service names that outcome"));
}

TEST_F(Conformance, WrongServiceIsUndeclaredAndOutsideTheLanguage) {
  forged_sale sale(journal, "a");
  sale.answers("depot", "pay", direction::forward, charged{"a"});
  EXPECT_THAT(told(undeclared), ElementsAre(HasSubstr("the process asks 'till'")));
  EXPECT_THAT(told(outside),
              ElementsAre("'charged' (do pay) was recorded by 'depot', but 'till' was asked"));
}

TEST_F(Conformance, AStepAfterTheWrongEventIsUndeclared) {
  forged_sale sale(journal, "a");
  const auto paid = sale.pays();
  sale.forge("depot", "ship", direction::forward, shipped{"a"}, 0, paid.id);
  EXPECT_THAT(told(undeclared),
              ElementsAre("till: charged -> depot: shipped (do ship), 1 times: the process does "
                          "not ask it after that event"));
  EXPECT_THAT(told(outside),
              ElementsAre("'shipped' (do ship) came before the steps that it follows were done"));
}

TEST_F(Conformance, PoliciesMustBeDeclared) {
  const auto start = journal.called("shop-a", {cancelled{"a"}}).front();
  reacted(start, "till-a", refunded{"a"});
  EXPECT_THAT(told(undeclared),
              ElementsAre(HasSubstr("no policy of 'till' reacts to 'cancelled'")));
  policy<cancelled>("till");
  EXPECT_THAT(told(undeclared), IsEmpty());
  reacted(journal.called("shop-b", {cancelled{"b"}}).front(), "till-b", charged{"b"});
  EXPECT_THAT(told(undeclared), ElementsAre(HasSubstr("'refund' is not decided so")));
}

TEST_F(Conformance, WhatCallersCauseMustBeDecidedByAService) {
  journal.called("shop-a", {shipped{"a"}});
  journal.called("nobody-a", {shipped{"a"}});
  journal.called("till-a", {engine::command_rejected{"no"}});
  EXPECT_THAT(told(undeclared),
              UnorderedElementsAre(HasSubstr("no command of 'shop' is decided so"),
                                   HasSubstr("there is no service 'nobody'")));
}

TEST_F(Conformance, EventsWithoutACauseOrAProcessAreUndeclared) {
  forged_sale sale(journal, "a");
  sale.forge("till", "pay", direction::forward, charged{"a"}, 0, event_id::of(6, 6));
  new_event e;
  e.id = event_id::of(5, 5);
  e.origin = {sale.flow(), sale.i.start_event, make_instance_id({1}, "unheard_of"),
              "pay",       direction::forward, 0};
  e.body = charged{"a"};
  journal.record("till-b", e);
  EXPECT_THAT(told(undeclared),
              UnorderedElementsAre(
                  HasSubstr("unexplained -> till: charged (do pay), 1 times: its cause is not in"),
                  HasSubstr("it belongs to a process that no definition describes")));
}

TEST_F(Conformance, NotesOfTheEngineMustHaveAReason) {
  forged_sale sale(journal, "a");
  noted(sale, "ship", engine::step_timed_out{});
  noted(sale, "nothing", engine::attempt_failed{});
  noted(sale, "pay", engine::step_timed_out{}, "till-a");
  noted(sale, "approval", engine::event_received{"placed", 1, R"({"id":"a"})", 1});
  const auto report = held();
  EXPECT_THAT(told(report, undeclared),
              UnorderedElementsAre(HasSubstr("the step has no time limit"),
                                   HasSubstr("the process asks nothing of that kind"),
                                   HasSubstr("it belongs on the streams of process 'selling'"),
                                   HasSubstr("the step does not await 'placed'")));
  EXPECT_THAT(told(report, outside),
              ElementsAre(HasSubstr("stands on 'till-a', not on the instance's own stream"),
                          HasSubstr("was handed over before it was awaited")));
}

TEST_F(Conformance, ATimeoutBeforeItsTimeIsOutside) {
  forged_sale sale(journal, "a");
  sale.fold(sale.i.stream(), deadlines(sale.i).front().event);
  EXPECT_THAT(told(outside), ElementsAre(AllOf(HasSubstr("ensemble.step_timed_out"),
                                               HasSubstr("before its time"))));
}

// --- instances outside the language of their definition ---

TEST_F(Conformance, FindingsNameInstanceAndPosition) {
  forged_sale sale(journal, "a");
  sale.refunds_early();
  const auto report = held();
  ASSERT_EQ(report.count(outside), 1U) << report.text();
  const auto& f =
      report.findings.at(0).kind == outside ? report.findings.at(0) : report.findings.back();
  EXPECT_EQ(f.instance, sale.i.id);
  EXPECT_EQ(f.process, "selling");
  EXPECT_EQ(f.at, journal.reader().head());
  EXPECT_FALSE(report.conforms());
  EXPECT_THAT(report.text(), HasSubstr("DOES NOT CONFORM"));
  EXPECT_THAT(report.text(), HasSubstr("at 2, selling " + to_string(sale.i.id) + ": 'refunded'"));
  const auto json = nlohmann::json::parse(report.json());
  EXPECT_EQ(json["counts"]["outside the language"], 1);
  EXPECT_EQ(json["conforms"], false);
}

TEST_F(Conformance, UndoOutOfItsPlaceIsOutside) {
  forged_sale going(journal, "a");
  going.pays();
  going.refunds_early();
  forged_sale over(journal, "b");
  over.pays();
  over.is_approved();
  over.ships();
  over.refunds_early();
  forged_sale never_done(journal, "c");
  never_done.declines();
  never_done.refunds_early();
  EXPECT_THAT(told(outside), ElementsAre(HasSubstr("undid a step while the process went forward"),
                                         HasSubstr("undid a step after the pivot"),
                                         HasSubstr("undid a step out of turn")));
}

TEST_F(Conformance, LastWordsAtTheWrongTimeAreOutside) {
  const auto says = [&](forged_sale& sale, direction d, const message& body) {
    sale.forge("shop", "", d, body, 0, sale.i.start_event);
  };
  forged_sale early(journal, "a");
  says(early, direction::complete, confirmed{"a"});
  forged_sale forward(journal, "b");
  says(forward, direction::abort, cancelled{"b"});
  forged_sale undoing(journal, "c");
  undoing.pays();
  undoing.times_out("approval");
  says(undoing, direction::abort, cancelled{"c"});
  forged_sale ended(journal, "d");
  ended.completes();
  says(ended, direction::abort, cancelled{"d"});
  EXPECT_THAT(told(outside),
              ElementsAre(HasSubstr("completed the process before every step was done"),
                          HasSubstr("ended the process as undone while it went forward"),
                          HasSubstr("ended the process before everything was undone"),
                          HasSubstr("came after the last word")));
}

TEST_F(Conformance, OutcomesOfCommandsThatWereNotDueAreOutside) {
  const auto pays = [&](forged_sale& sale, std::uint32_t round, const char* till = "till") {
    sale.forge(till, "pay", direction::forward, charged{sale.id()}, round, sale.i.start_event);
  };
  forged_sale later(journal, "a");
  pays(later, 1);
  forged_sale again(journal, "b");
  again.pays();
  pays(again, 1);
  forged_sale twice(journal, "c");
  twice.pays();
  pays(twice, 0, "till-other");
  forged_sale given_up(journal, "d");
  given_up.word(operator_verb::abort);
  given_up.answers("till", "pay", direction::forward, engine::command_voided{});
  pays(given_up, 1);
  forged_sale back(journal, "e");
  back.declines();
  back.forge("depot", "ship", direction::forward, shipped{"e"}, 0, back.i.start_event);
  forged_sale nothing(journal, "f");
  nothing.forge("till", "unheard_of", direction::forward, charged{"f"}, 0, nothing.i.start_event);
  EXPECT_THAT(told(outside),
              ElementsAre(HasSubstr("is of round 1, while round 0 was due"),
                          HasSubstr("came after an outcome had settled it"),
                          HasSubstr("is a second outcome of one command"),
                          HasSubstr("came after the step was given up"),
                          HasSubstr("never began, after the decision to go back"),
                          HasSubstr("is the outcome of nothing that the process asks")));
}

TEST_F(Conformance, AnOutcomeUnderAnotherIdIsOutside) {
  forged_sale sale(journal, "a");
  new_event e;
  e.id = event_id::of(6, 6);
  e.origin = {sale.flow(), sale.i.start_event, sale.i.id, "pay", direction::forward, 0};
  e.body = charged{"a"};
  sale.fold("till-a", e);
  EXPECT_THAT(told(outside), ElementsAre("'charged' (do pay) is not under the id of its command"));
}

TEST_F(Conformance, EventsOfAnInstanceThatNeverBeganAreOutside) {
  const auto start = journal.called("office-a", {approved{"a"}}).front();
  new_event e;
  e.id = event_id::of(6, 6);
  e.origin = {
      start.origin.correlation, start.id, make_instance_id(start.position, "selling"), "pay",
      direction::forward,       0};
  e.body = charged{"a"};
  journal.record("till-a", e);
  EXPECT_THAT(told(outside), ElementsAre("'charged' belongs to an instance that never began"));
}

TEST_F(Conformance, DelaysAndConditionsBelongToTheLanguage) {
  auto slow = selling();
  slow.steps[0].delay = 1h;
  slow.steps[2].only_if = [](const std::any&) { return false; };
  auto all = options();
  all.processes = {slow};
  forged_sale hasty(journal, "a", slow);
  hasty.pays();
  const auto approval = hasty.is_approved();
  hasty.forge("depot", "ship", direction::forward, shipped{"a"}, 0, approval.id);
  EXPECT_THAT(told(conformance(journal.reader(), all), outside),
              ElementsAre(HasSubstr("before the step's delay was over"),
                          HasSubstr("came although the step's condition did not hold")));
}

TEST_F(Conformance, ADefinitionThatThrowsIsTold) {
  forged_sale(journal, "unreadable");
  EXPECT_THAT(told(outside), ElementsAre(AllOf(HasSubstr("a function of the definition threw"),
                                               HasSubstr("no such sale"))));
}

TEST_F(Conformance, AVersionThatWasNotGivenIsCountedNotJudged) {
  forged_sale(journal, "a").completes();
  journal.deployed("selling", 2, "placed");
  const auto report = held();
  EXPECT_EQ(report.instances, 0U);
  EXPECT_EQ(report.unknown_versions, 1U);
  EXPECT_THAT(report.text(), HasSubstr("1 instances not replayed"));
  EXPECT_TRUE(report.conforms()) << report.text();
}

TEST_F(Conformance, ManyFindingsAreCountedAndTheFirstOfThemTold) {
  for (int n = 0; n < 150; ++n) forged_sale(journal, "s" + std::to_string(n)).refunds_early();
  const auto report = held();
  EXPECT_EQ(report.count(outside), 150U);
  EXPECT_EQ(told(report, outside).size(), conformance_report::kept);
  EXPECT_THAT(report.text(), HasSubstr("  and 50 more\n"));
}

} // namespace
} // namespace forged
