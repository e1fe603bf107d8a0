#include "model/machine.hpp"

#include <ensemble/diagram.hpp>

namespace {

using namespace machine;

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
  EXPECT_EQ(diagram(everything(), diagram_format::graphviz), R"(digraph process {
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

TEST(Diagram, NamesCannotEndTheirLabels) {
  auto p = make_process({{"a"}});
  p.name = "say \"hi\" <b>\\\n]";
  EXPECT_THAT(diagram(p), HasSubstr("start([\"say #34;hi#34; #60;b#62;#92;#10;#93; on begun\"])"));
  EXPECT_THAT(diagram(p, diagram_format::graphviz),
              HasSubstr(R"(start [label="say \"hi\" <b>\\\n] on begun", shape=oval];)"));
}

TEST(Diagram, IsTheSameEachTime) {
  EXPECT_EQ(diagram(everything()), diagram(everything()));
  const auto lone = diagram(make_process({{"a"}, {"b"}}));
  EXPECT_THAT(lone, HasSubstr("  start --> s0\n"));
  EXPECT_THAT(lone, HasSubstr("  s1 --> completed\n"));
}

} // namespace
