#include "trace/forged_flows.hpp"

#include <ensemble/causation.hpp>

#include <nlohmann/json.hpp>

// What caused what, and what is waited for, told from the ids in a journal alone.

namespace forged {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Causation : public testing::Test {
protected:
  causation_tree tree_of(const forged_sale& sale) {
    return causation(journal.reader(), sale.flow(), {selling()});
  }
  /// One line an event: its name, its kind, and the name of its cause.
  static std::vector<std::string> told(const causation_tree& tree) {
    std::vector<std::string> all;
    for (const auto& node : tree.events)
      all.push_back(std::string(node.event.body.name()) + " " + std::string(to_string(node.kind)) +
                    (node.cause_name.empty() ? "" : " " + node.cause_name));
    return all;
  }
  /// How often each kind of wait is told of the only instance.
  static std::vector<flow_wait> waits_of(const causation_tree& tree) {
    return tree.instances.at(0).waits;
  }

  forged_journal journal;
};

TEST_F(Causation, EachEventOfACompletedFlowHasItsCauseStepAndCommand) {
  forged_sale sale(journal, "a");
  sale.completes();
  const auto tree = tree_of(sale);
  EXPECT_THAT(told(tree),
              ElementsAre("placed caller", "charged process placed",
                          "ensemble.event_received outside approved",
                          "shipped process ensemble.event_received", "confirmed process shipped"));
  EXPECT_EQ(tree.unexplained(), 0U);
  EXPECT_EQ(tree.events[1].command, "charge");
  EXPECT_EQ(tree.events[1].process, "selling");
  EXPECT_EQ(tree.events[1].edge, 1ms);
  EXPECT_EQ(tree.events[1].cause, 0U);
  EXPECT_FALSE(tree.events[2].cause) << "the approval stands in another flow";
  EXPECT_EQ(tree.events[2].cause_position, position{3});
  EXPECT_EQ(tree.events[4].command, "confirm");
  ASSERT_EQ(tree.instances.size(), 1U);
  EXPECT_TRUE(tree.instances[0].terminal);
  EXPECT_EQ(tree.instances[0].phase, "completed");
  EXPECT_THAT(tree.instances[0].waits, IsEmpty());
}

TEST_F(Causation, CompensationHangsOnTheTimeoutThatCausedIt) {
  forged_sale sale(journal, "a");
  sale.attempt_fails("line busy");
  sale.compensates_after_payment();
  const auto tree = tree_of(sale);
  EXPECT_THAT(told(tree),
              ElementsAre("placed caller", "ensemble.attempt_failed engine placed",
                          "charged process placed", "ensemble.step_timed_out engine charged",
                          "refunded process ensemble.step_timed_out",
                          "cancelled process refunded"));
  EXPECT_EQ(tree.events[4].event.origin.direction, direction::undo);
  EXPECT_EQ(tree.instances[0].phase, "compensated");
  EXPECT_EQ(tree.instances[0].failure, "step 'approval' timed out");
}

TEST_F(Causation, VoidsAndOperatorsWordsAreExplained) {
  forged_sale sale(journal, "a");
  sale.word(operator_verb::abort);
  sale.answers("till", "pay", direction::forward, engine::command_voided{});
  sale.cancels();
  EXPECT_THAT(told(tree_of(sale)),
              ElementsAre("placed caller", "ensemble.abort_requested operator",
                          "ensemble.command_voided process ensemble.abort_requested",
                          "cancelled process ensemble.command_voided"));
}

TEST_F(Causation, SeveralEventsOfACallersCommandAndPoliciesAreExplained) {
  const correlation_id flow = correlation_id::of(5, 5);
  const auto first = journal.called("shop-a", {remarked{}, placed{"a"}}, flow);
  new_event by_policy;
  by_policy.id = event_id::of(42, 1);
  by_policy.origin.correlation = flow;
  by_policy.origin.causation = first[1].id;
  by_policy.body = remarked{};
  journal.record("news-a", by_policy);
  const auto tree = causation(journal.reader(), flow);
  EXPECT_THAT(told(tree),
              ElementsAre("remarked caller", "placed caller remarked", "remarked policy placed"));
  EXPECT_THAT(tree.text(), HasSubstr("of the same command"));
  EXPECT_THAT(tree.mermaid(), HasSubstr("because of placed"));
  EXPECT_THAT(tree.instances, IsEmpty()) << "no definition was given";
}

TEST_F(Causation, ACommandOverSeveralEntitiesHasOneCause) {
  forged_sale sale(journal, "a");
  const auto command = due(sale.i).front();
  std::vector<std::pair<std::string, new_event>> events;
  for (const auto* till : {"till-a", "till-b", "till-c"}) {
    new_event e;
    e.index = static_cast<std::uint32_t>(events.size());
    e.id = make_event_id(command.id, e.index);
    e.last = e.index == 2;
    e.origin = {sale.flow(), command.cause, sale.i.id, "pay", direction::forward, 0};
    e.body = charged{till};
    events.emplace_back(till, std::move(e));
  }
  journal.record(events);
  const auto tree = tree_of(sale);
  EXPECT_THAT(told(tree), ElementsAre("placed caller", "charged process placed",
                                      "charged process placed", "charged process placed"));
  const auto drawn = tree.mermaid();
  const std::string asked = "do pay: charge";
  EXPECT_NE(drawn.find(asked), std::string::npos);
  EXPECT_EQ(drawn.find(asked), drawn.rfind(asked)) << "one command, three events:\n" << drawn;
}

TEST_F(Causation, TellsForWhomAnOpenFlowWaits) {
  forged_sale sale(journal, "a");
  sale.attempt_fails("line busy");
  auto waits = waits_of(tree_of(sale));
  ASSERT_EQ(waits.size(), 3U); // the command, the step's deadline, the process's
  EXPECT_EQ(waits[0].what, flow_wait::kind::command);
  EXPECT_EQ(waits[0].service, "till");
  EXPECT_EQ(waits[0].message, "charge");
  EXPECT_EQ(waits[0].failed_attempts, 1);
  EXPECT_EQ(waits[0].since, sale.i.started);
  EXPECT_GT(waits[0].at, sale.i.started);
  EXPECT_EQ(waits[1].what, flow_wait::kind::deadline);
  EXPECT_EQ(waits[1].at, sale.i.started + 30s);
  EXPECT_EQ(waits[2].at, sale.i.started + 24h);

  const auto paid = sale.pays();
  waits = waits_of(tree_of(sale));
  ASSERT_EQ(waits.size(), 3U);
  EXPECT_EQ(waits[0].what, flow_wait::kind::event);
  EXPECT_EQ(waits[0].message, "approved");
  EXPECT_EQ(waits[0].key, "a");
  EXPECT_EQ(waits[0].since, paid.time);
}

TEST_F(Causation, TellsWhyAFlowIsStuckAndSinceWhen) {
  forged_sale sale(journal, "a");
  sale.pays();
  sale.is_approved();
  sale.ships();
  const auto refused =
      sale.answers("shop", "", direction::complete, engine::command_rejected{"no paper"});
  const auto waits = waits_of(tree_of(sale));
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].what, flow_wait::kind::stuck);
  EXPECT_EQ(waits[0].direction, direction::complete);
  EXPECT_EQ(waits[0].service, "shop");
  EXPECT_EQ(waits[0].since, refused.time);
  EXPECT_THAT(waits[0].reason, HasSubstr("no paper"));
}

TEST_F(Causation, AnEventWhoseCauseIsMissingSaysSo) {
  forged_sale sale(journal, "a");
  sale.forge("till", "pay", direction::forward, charged{"a"}, 0, event_id::of(6, 6));
  const auto tree = tree_of(sale);
  EXPECT_THAT(told(tree), ElementsAre("placed caller", "charged unexplained"));
  EXPECT_EQ(tree.unexplained(), 1U);
  EXPECT_THAT(tree.text(), HasSubstr("1 UNEXPLAINED"));
}

TEST_F(Causation, AWaitedForEventThatIsNotWhereItsRecordSaysIsUnexplained) {
  forged_sale sale(journal, "a");
  sale.pays();
  new_event e;
  e.id = event_id::of(8, 8);
  e.origin = {sale.flow(), event_id::of(6, 6), sale.i.id, "approval", direction::forward, 0};
  for (const std::uint64_t where : {0, 1, 99}) {
    e.id = event_id::of(8, where);
    e.body = engine::event_received{"approved", 1, R"({"id":"a"})", where};
    journal.record(sale.i.stream(), e);
  }
  EXPECT_EQ(tree_of(sale).unexplained(), 3U);
}

TEST_F(Causation, AllTreesTogetherHoldTheWholeJournal) {
  for (int n = 0; n < 20; ++n) {
    forged_sale done(journal, "done" + std::to_string(n));
    done.completes();
    forged_sale undone(journal, "undone" + std::to_string(n));
    undone.compensates_after_payment();
    forged_sale aborted(journal, "aborted" + std::to_string(n));
    aborted.word(operator_verb::abort);
  }
  auto totals = count_causes(journal.reader());
  EXPECT_TRUE(totals.complete());
  EXPECT_EQ(totals.flows, 80U); // 60 sales, 20 approvals
  EXPECT_EQ(totals.events, journal.reader().head().value);

  new_event lost; // planted: a flow that nothing began
  lost.id = event_id::of(1, 99);
  lost.origin.correlation = correlation_id::of(99, 99);
  lost.origin.causation = event_id::of(98, 98);
  lost.body = remarked{};
  journal.record("till-a", lost);
  totals = count_causes(journal.reader());
  EXPECT_FALSE(totals.complete());
  EXPECT_EQ(totals.events + 1, totals.journal);

  forged_sale sale(journal, "planted"); // and an effect without a cause within a flow
  sale.forge("till", "pay", direction::forward, charged{"planted"}, 0, event_id::of(6, 6));
  EXPECT_EQ(count_causes(journal.reader()).unexplained, 1U);
}

TEST_F(Causation, TextIsATreeAndJsonAndMermaidSayTheSame) {
  forged_sale sale(journal, "a");
  sale.pays();
  const auto tree = tree_of(sale);
  const auto text = tree.text();
  EXPECT_THAT(text, HasSubstr("2 events"));
  EXPECT_THAT(text,
              HasSubstr("       1     +0 ns        -  shop     placed     a caller's command\n"
                        "       2  +1.00 ms  1.00 ms  till       charged  do pay: charge\n"));
  EXPECT_THAT(text, HasSubstr("waits for an event approved with the key 'a' (step approval), "
                              "since +1.00 ms"));
  const auto json = nlohmann::json::parse(tree.json());
  EXPECT_EQ(json["events"][1]["cause"], 1);
  EXPECT_EQ(json["events"][1]["edge_ns"], 1'000'000);
  EXPECT_EQ(json["events"][1]["command"], "charge");
  EXPECT_EQ(json["instances"][0]["waits"][0]["kind"], "event");
  EXPECT_THAT(tree.mermaid(), HasSubstr("  p2->>p3: do pay: charge\n"
                                        "  p3-->>p2: charged (1.00 ms)\n"
                                        "  Note over p2: waits for an event approved"))
      << tree.mermaid();
  EXPECT_THAT(tree.mermaid(), Not(HasSubstr("'"))) << "quotes are escaped";
}

TEST_F(Causation, AFlowThatIsNotThereIsAnEmptyTree) {
  const auto tree = causation(journal.reader(), correlation_id::of(1, 1), {selling()});
  EXPECT_THAT(tree.events, IsEmpty());
  EXPECT_THAT(tree.text(), HasSubstr("0 events"));
  EXPECT_EQ(tree.mermaid(), "sequenceDiagram\n");
  EXPECT_TRUE(nlohmann::json::accept(tree.json()));
}

} // namespace
} // namespace forged
