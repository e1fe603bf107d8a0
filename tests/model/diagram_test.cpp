#include "model/machine.hpp"

#include <ensemble/diagram.hpp>

namespace {

using namespace machine;
using ::testing::Not;

/// One of everything that can be drawn.
process_definition everything() {
  auto p = make_process({{"pay"}, {"approve", "pay"}, {"ship", "approve"}, {"thank", "ship"}});
  p.deadline = 72h;
  step_of(p, "pay").within = 1500ms;
  const auto key = [](const auto&) { return std::string("key"); };
  auto& approve = step_of(p, "approve");
  approve.ask = approve.undo = {};
  approve.successes.clear();
  approve.failures.clear();
  approve.awaited = {{{&type_of<worked>(), {}}, key, key, true},
                     {{&type_of<broke>(), {}}, key, key, false}};
  step_of(p, "ship").pivot = true;
  step_of(p, "ship").undo = {};
  auto& thank = step_of(p, "thank");
  thank.undo = {};
  thank.delay = 5min;
  thank.only_if = [](const std::any&) { return true; };
  return p;
}

TEST(Diagram, DrawsEverythingInMermaid) {
  EXPECT_EQ(diagram(everything()), R"(flowchart TD
  start(["trial on begun, deadline 72h"])
  s0["pay<br/>s_pay: work<br/>within 1500ms"]
  start --> s0
  u0["undo pay<br/>s_pay: undo_work"]:::undo
  s0 -. "undone" .-> u0
  s1>"approve<br/>awaits worked<br/>fails on broke"]
  s0 --> s1
  s2["ship<br/>s_ship: work<br/>pivot"]:::pivot
  s1 --> s2
  s3{{"thank<br/>s_thank: work<br/>only if its condition holds<br/>delayed by 5min"}}
  s2 --> s3
  completed(["completed<br/>owner: finish"])
  s3 --> completed
  compensated(["compensated<br/>owner: cancel"])
  start -. "when a step fails, what was done is undone" .-> compensated
  classDef pivot stroke-width:4px
  classDef undo stroke-dasharray:5 5
)");
}

TEST(Diagram, DrawsEverythingForGraphviz) {
  EXPECT_EQ(diagram(everything(), process_mode::orchestration, diagram_format::graphviz),
            R"(digraph process {
  rankdir=TB;
  node [shape=box];
  start [label="trial on begun, deadline 72h", shape=oval];
  s0 [label="pay\ns_pay: work\nwithin 1500ms"];
  start -> s0;
  u0 [label="undo pay\ns_pay: undo_work", style=dashed];
  s0 -> u0 [style=dashed, label="undone"];
  s1 [label="approve\nawaits worked\nfails on broke", shape=cds];
  s0 -> s1;
  s2 [label="ship\ns_ship: work\npivot", penwidth=3];
  s1 -> s2;
  s3 [label="thank\ns_thank: work\nonly if its condition holds\ndelayed by 5min", shape=hexagon];
  s2 -> s3;
  completed [label="completed\nowner: finish", shape=oval];
  s3 -> completed;
  compensated [label="compensated\nowner: cancel", shape=oval];
  start -> compensated [style=dashed, label="when a step fails, what was done is undone"];
}
)");
}

/// The rules of one service, a line each.
std::string rules_of(const process_definition& p, const std::string& service) {
  std::string text;
  for (const auto& of : local_rules(p))
    if (of.service == service)
      for (const auto& rule : of.rules) text += rule + "\n";
  return text;
}

TEST(LocalRules, TellWhatEachServiceDoesByItself) {
  const auto p = everything();
  EXPECT_EQ(rules_of(p, "owner"), R"(when worked, await worked or broke
when worked (or 'thank' is passed over), finish
when the process turns back and nothing is left to undo, cancel
when 'pay' takes longer than 1500ms, it has timed out
when the way to the pivot 'ship' takes longer than 72h, the process has timed out
)");
  EXPECT_EQ(rules_of(p, "s_pay"), R"(when begun, work
when the process turns back before work is answered, close it
when broke or another failure, undo_work
)");
  EXPECT_EQ(rules_of(p, "s_ship"), R"(when worked, work
when the process turns back before work is answered, close it
)");
  EXPECT_EQ(rules_of(p, "s_thank"),
            "when worked, if the condition of 'thank' holds, 5min later, work, again until it "
            "succeeds\n");
}

TEST(LocalRules, UndoWaitsForWhatCameAfterIt) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}});
  step_of(p, "b").successes.clear();
  step_of(p, "c").failures.clear();
  EXPECT_EQ(rules_of(p, "s_a"), R"(when begun, work
when the process turns back before work is answered, close it
when broke or another failure, undo_work, after undone where that is owed
)");
  EXPECT_THAT(rules_of(p, "s_d"), HasSubstr("when work is acknowledged and worked, work\n"));
  step_of(p, "b").failures.clear();
  step_of(p, "d").failures.clear();
  EXPECT_THAT(rules_of(p, "s_a"), HasSubstr("\nwhen any failure, undo_work"));
}

TEST(Diagram, DrawsTheDanceInMermaid) {
  const auto drawn = diagram(everything(), process_mode::choreography);
  EXPECT_THAT(drawn,
              HasSubstr("flowchart TD\n  start([\"trial on begun, deadline 72h\"])\n"
                        "  p0([\"owner #40;owner#41;<br/>when worked, await worked or broke"));
  EXPECT_THAT(drawn,
              HasSubstr("\n  p1[\"s_pay<br/>when begun, work<br/>when the process turns back "
                        "before work is answered, close it<br/>when broke or another "
                        "failure, undo_work\"]\n"));
  EXPECT_THAT(drawn, HasSubstr(R"(
  start -->|"begun"| p1
  p0 -->|"worked"| p2
  p1 -->|"worked"| p0
  p2 -->|"worked"| p3
  p3 -->|"worked"| p0
  p0 -. "broke" .-> p1
  p1 -. "broke<br/>undone" .-> p0
  p2 -. "broke" .-> p0
  p2 -. "broke" .-> p1
)"));
}

TEST(Diagram, DrawsTheDanceForGraphviz) {
  const auto drawn = diagram(everything(), process_mode::choreography, diagram_format::graphviz);
  EXPECT_THAT(drawn, HasSubstr("\n  p1 [label=\"s_pay\\nwhen begun, work\\nwhen the process turns "
                               "back before work is answered, close it\\nwhen broke or another "
                               "failure, undo_work\"];\n"));
  EXPECT_THAT(drawn, HasSubstr(R"(
  start -> p1 [label="begun"];
  p0 -> p2 [label="worked"];
  p1 -> p0 [label="worked"];
  p2 -> p3 [label="worked"];
  p3 -> p0 [label="worked"];
  p0 -> p1 [style=dashed, label="broke"];
  p1 -> p0 [style=dashed, label="broke\nundone"];
  p2 -> p0 [style=dashed, label="broke"];
  p2 -> p1 [style=dashed, label="broke"];
}
)"));
}

TEST(Diagram, NamesCannotEndTheirLabels) {
  auto p = make_process({{"a"}});
  p.name = "say \"hi\" <b>\\\n]";
  EXPECT_THAT(diagram(p), HasSubstr("start([\"say #34;hi#34; #60;b#62;#92;#10;#93; on begun\"])"));
  EXPECT_THAT(diagram(p, process_mode::orchestration, diagram_format::graphviz),
              HasSubstr(R"(start [label="say \"hi\" <b>\\\n] on begun", shape=oval];)"));
}

TEST(Diagram, IsTheSameEachTime) {
  EXPECT_EQ(diagram(everything()), diagram(everything()));
  const auto lone = diagram(make_process({{"a"}, {"b"}}));
  EXPECT_THAT(lone, HasSubstr("  start --> s0\n"));
  EXPECT_THAT(lone, HasSubstr("  s1 --> completed\n"));
}

// As a definition that is put together by hand may be.
TEST(Diagram, OfAProcessWithoutLastWordsAndWithoutTheEventOfAnUndo) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}});
  step_of(p, "a").undone = {};
  p.complete = p.abort = {};
  const auto drawn = diagram(p);
  EXPECT_THAT(drawn, HasSubstr("  s0 -. \"undone\" .-> u0\n"));
  EXPECT_THAT(drawn, HasSubstr("completed([\"completed\"])\n"));
  EXPECT_THAT(drawn, HasSubstr("compensated([\"compensated\"])\n"));
  const auto danced = diagram(p, process_mode::choreography);
  EXPECT_THAT(danced, HasSubstr("  p1 -->|\"worked\"| p2\n"));
  EXPECT_THAT(danced, HasSubstr("  p2 -. \"broke<br/>undone\" .-> p1\n")); // it waits for both
  EXPECT_THAT(danced, Not(HasSubstr(".-> p0"))); // nobody tells the owner, who has no last word
}

TEST(LocalRules, OfAnOwnerWithoutLastWordsAreItsDeadlines) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.deadline = 2h;
  step_of(p, "b").within = 1500us;
  p.complete = p.abort = {};
  EXPECT_EQ(rules_of(p, "owner"),
            "when 'b' takes longer than 1500us, it has timed out\n"
            "when the process takes longer than 2h, the process has timed out\n");
  step_of(p, "b").within = 3ns;
  EXPECT_THAT(rules_of(p, "owner"), HasSubstr("longer than 3ns,"));
}

} // namespace
