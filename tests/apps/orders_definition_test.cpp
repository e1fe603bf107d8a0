#include "orders/command_line.hpp"
#include "orders/commands/commands.hpp"
#include "orders/shop.hpp"

#include <ensemble/check.hpp>

#include <gmock/gmock.h>

#include <sstream>

// The order process is proven, and a copy of it with one thing wrong is not.

namespace orders {
namespace {

using ensemble::check_report;
using ensemble::check_verdict;
using ensemble::process_definition;
using testing::HasSubstr;

ensemble::step_definition& step_of(process_definition& p, const std::string& name) {
  return p.steps[p.find_step(name).value()];
}

/// Refused, with words about that step, and with a trace.
void expect_refused(const process_definition& p, const std::string& step, const std::string& words,
                    const std::vector<std::string>& trace) {
  const auto report = ensemble::check(p);
  EXPECT_EQ(report.verdict, check_verdict::refused);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].step, step);
  EXPECT_THAT(report.findings[0].text, HasSubstr(words));
  EXPECT_EQ(report.findings[0].trace, trace) << report.text();
}

TEST(OrderProcess, IsProven) {
  std::ostringstream out;
  EXPECT_EQ(check_process({}, out), 0);
  EXPECT_THAT(out.str(), HasSubstr("process 'order_fulfilment': proven, "));
  EXPECT_EQ(out.str().find("warning"), std::string::npos) << out.str();
}

TEST(OrderProcess, WithoutARefundIsRefused) {
  auto p = order_fulfilment();
  step_of(p, "payment").undo = {};
  expect_refused(p, "payment", "stays done when the process fails, for nothing undoes it",
                 {"order_created begins it: 'payment' begins",
                  "'payment' is answered with payment_authorised: 'stock' begins",
                  "'stock' is answered with stock_rejected: the process turns back"});
}

TEST(OrderProcess, WithoutAReleaseOfTheStockIsRefused) {
  auto p = order_fulfilment();
  step_of(p, "stock").undo = {};
  expect_refused(
      p, "stock", "nothing undoes it",
      {"order_created begins it: 'payment' begins",
       "'payment' is answered with payment_authorised: 'stock' begins",
       "'stock' is answered with item_reserved: 'shipping' begins",
       "'shipping' is answered with shipping_failed: the process turns back, 'payment' is to be "
       "undone"});
}

TEST(OrderProcess, WithoutADeadlineIsRefused) {
  auto p = order_fulfilment();
  p.deadline = {};
  expect_refused(p, "", "has no deadline", {"order_created begins it: 'payment' begins"});
}

TEST(OrderProcess, WithAStepBesideThePivotIsRefused) {
  auto p = order_fulfilment();
  step_of(p, "dispatch").after = {p.find_step("stock").value()};
  expect_refused(p, "shipping", "is the pivot and runs beside step 'dispatch'",
                 {"order_created begins it: 'payment' begins",
                  "'payment' is answered with payment_authorised: 'stock' begins",
                  "'stock' is answered with item_reserved: 'shipping' begins, 'dispatch' begins"});
}

command_line parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "orders");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data()).line;
}

TEST(OrderDiagram, IsDrawnInBothLanguages) {
  std::ostringstream mermaid;
  EXPECT_EQ(draw_process(parsed({"diagram"}).definition, mermaid), 0);
  EXPECT_THAT(mermaid.str(), HasSubstr("flowchart TD"));
  EXPECT_THAT(mermaid.str(), HasSubstr("pivot\"]:::pivot"));
  std::ostringstream graphviz;
  EXPECT_EQ(draw_process(parsed({"diagram", "--format", "graphviz"}).definition, graphviz), 0);
  EXPECT_THAT(graphviz.str(), HasSubstr("digraph process {"));
  EXPECT_THAT(graphviz.str(), HasSubstr("label=\"payment_refunded\""));
}

TEST(OrderDiagram, OfTheDanceTellsEachServicesRules) {
  const auto options = parsed({"diagram", "--mode", "choreography"}).definition;
  std::ostringstream drawn;
  EXPECT_EQ(draw_process(options, drawn), 0);
  EXPECT_THAT(drawn.str(),
              HasSubstr("p1[\"payment<br/>when order_created, authorise_payment<br/>"));
  const auto rules = ensemble::local_rules(order_fulfilment());
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(rules[1].service, "payment");
  EXPECT_EQ(rules[1].rules.back(),
            "when stock_rejected, shipping_failed or another failure, refund_payment, after "
            "item_released where that is owed");
}

TEST(OrderProcess, IsProvenDancedTooAndTellsWhoKeepsTheDeadlines) {
  std::ostringstream out;
  EXPECT_EQ(check_process(parsed({"check", "--mode", "choreography"}).definition, out), 0);
  EXPECT_THAT(out.str(), HasSubstr("order (owner): gives complete and abort; keeps the process's "
                                   "deadline, those of 'payment', 'stock', 'shipping'"));
}

TEST(OrderDiagram, CommandsAreRecognised) {
  EXPECT_EQ(parsed({"check"}).command, command::check);
  EXPECT_EQ(parsed({"diagram"}).command, command::diagram);
}

} // namespace
} // namespace orders
