#include "model/machine.hpp"
#include "model/outside_events.hpp"

#include <algorithm>

// Who is handed which outside event (rule 7): kept while nobody awaits it, parked when it fits
// several instances.

namespace {

using namespace machine;

struct paid {
  std::string order{};
  std::string note{};
};
ENSEMBLE_MESSAGE(paid, 1, order, note)

process_definition make_awaiting() {
  auto p = make_process({{"a"}});
  awaited_definition w;
  w.outcome = {&type_of<paid>(), {}};
  w.key_of_event = [](const message& m) {
    if (m.as<paid>().order.empty()) throw std::runtime_error("no order");
    return m.as<paid>().order;
  };
  w.key_of_state = [](const std::any&) { return std::string("unused"); };
  p.steps[0].awaited = {w};
  return p;
}

const instance_id ann = make_instance_id({1}, "x");
const instance_id bob = make_instance_id({2}, "x");

class OutsideEvents : public testing::Test {
protected:
  OutsideEvents() { all.add(p); }

  recorded_event event(std::uint64_t at, const std::string& order) {
    recorded_event e;
    e.position = {at};
    e.body = paid{order, {}};
    return e;
  }
  std::vector<awaited_key> key(const std::string& order) {
    return {{&p.steps[0].awaited[0], order}};
  }
  static std::vector<std::string> told(const std::vector<outside_events::handed>& handed) {
    std::vector<std::string> out;
    for (const auto& h : handed)
      out.push_back(std::to_string(h.event.position.value) + (h.to == ann ? " ann" : " bob"));
    return out;
  }
  std::vector<std::string> changes() {
    std::vector<std::string> out;
    for (const auto& c : all.take_changes())
      out.push_back(std::to_string(c.at.value) + (c.open ? " open" : " gone") +
                    (c.parked_because.empty() ? "" : ": " + c.parked_because));
    return out;
  }

  process_definition p = make_awaiting();
  outside_events all{3};
};

TEST_F(OutsideEvents, OneThatIsAwaitedIsHandedOverAndGoneOnceReceived) {
  EXPECT_THAT(all.awaits(ann, key("o")), IsEmpty());
  EXPECT_THAT(told(all.arrived(event(5, "o"))), ElementsAre("5 ann"));
  EXPECT_THAT(changes(), ElementsAre("5 open"));
  all.received({5});
  EXPECT_THAT(changes(), ElementsAre("5 gone"));
}

TEST_F(OutsideEvents, AnEarlyOneIsKeptAndTheEarliestIsHandedOver) {
  EXPECT_THAT(all.arrived(event(5, "o")), IsEmpty());
  EXPECT_THAT(all.arrived(event(6, "other")), IsEmpty());
  EXPECT_THAT(all.arrived(event(7, "o")), IsEmpty());
  EXPECT_EQ(all.kept_count(), 3U);
  EXPECT_THAT(told(all.awaits(ann, key("o"))), ElementsAre("5 ann"));
  EXPECT_EQ(all.kept_count(), 2U);
}

TEST_F(OutsideEvents, OneThatFitsSeveralInstancesIsParked) {
  (void)all.awaits(ann, key("o"));
  (void)all.awaits(bob, key("o"));
  EXPECT_THAT(all.arrived(event(5, "o")), IsEmpty());
  EXPECT_EQ(all.parked_count(), 1U);
  EXPECT_THAT(changes(), ElementsAre("5 open: it fits 2 instances"));
  EXPECT_THAT(all.arrived(event(6, "o")), IsEmpty());
}

TEST_F(OutsideEvents, OneWhoseKeyCannotBeToldIsParked) {
  EXPECT_THAT(all.arrived(event(5, "")), IsEmpty());
  EXPECT_THAT(changes(), ElementsAre("5 open: it cannot be handed over: no order"));
}

// Its text would stand, quoted once more, in the text of another event.
TEST_F(OutsideEvents, OneThatIsTooLongToBeHandedOverIsParked) {
  (void)all.awaits(ann, key("o"));
  auto e = event(5, "o");
  e.body = paid{"o", std::string(400'000, '"')};
  EXPECT_THAT(all.arrived(e), IsEmpty());
  EXPECT_EQ(all.parked_count(), 1U);
}

TEST_F(OutsideEvents, EventsThatOnlyAnAbsentVersionAwaitsAreKept) {
  outside_events absent(3);
  absent.add_name("paid");
  EXPECT_THAT(absent.arrived(event(5, "o")), IsEmpty());
  EXPECT_EQ(absent.kept_count(), 1U);
}

TEST_F(OutsideEvents, OneInHandIsHandedAgainToAnInstanceThatCameBack) {
  (void)all.awaits(ann, key("o"));
  (void)all.arrived(event(5, "o"));
  EXPECT_THAT(told(all.awaits(ann, key("o"))), ElementsAre("5 ann"));
}

TEST_F(OutsideEvents, OneInHandOfAnInstanceThatEndedGoesToWhoeverAwaitsIt) {
  (void)all.awaits(ann, key("o"));
  (void)all.arrived(event(5, "o"));
  (void)all.awaits(bob, key("o"));
  EXPECT_THAT(told(all.awaits(ann, {})), ElementsAre("5 bob"));
}

// Ann is asked to take what she no longer wants; before she says so it is in Bob's hand.
TEST_F(OutsideEvents, OnlyWhoHoldsAnEventCanReturnIt) {
  (void)all.awaits(ann, key("7"));
  const auto handed = all.arrived(event(5, "7"));
  ASSERT_EQ(told(handed), (std::vector<std::string>{"5 ann"}));
  (void)all.awaits(bob, key("7"));
  ASSERT_EQ(told(all.awaits(ann, {})), (std::vector<std::string>{"5 bob"}));
  EXPECT_THAT(all.returned(ann, handed.at(0).event), IsEmpty());
  EXPECT_TRUE(all.has_in_hand(bob));
  EXPECT_EQ(told(all.awaits(bob, key("7"))), (std::vector<std::string>{"5 bob"}));
  EXPECT_EQ(told(all.in_hand()), (std::vector<std::string>{"5 bob"}));
}

TEST_F(OutsideEvents, OneThatWasReturnedIsKept) {
  (void)all.awaits(ann, key("o"));
  const auto handed = all.arrived(event(5, "o"));
  EXPECT_THAT(all.returned(ann, handed.at(0).event), IsEmpty());
  EXPECT_EQ(all.kept_count(), 1U);
  EXPECT_THAT(told(all.awaits(bob, key("o"))), ElementsAre("5 bob"));
}

TEST_F(OutsideEvents, AnInstanceIsHandedOneAtATime) {
  (void)all.awaits(ann, key("o"));
  EXPECT_EQ(all.arrived(event(5, "o")).size(), 1U);
  EXPECT_THAT(all.arrived(event(6, "o")), IsEmpty());
  all.received({5});
  EXPECT_THAT(told(all.awaits(ann, key("o"))), ElementsAre("6 ann"));
}

TEST_F(OutsideEvents, TheOldestAreLetGoOfBeyondTheLimitAndSaid) {
  for (std::uint64_t at = 1; at <= 5; ++at) (void)all.arrived(event(at, "o"));
  EXPECT_EQ(all.kept_count(), 3U);
  EXPECT_EQ(all.take_forgotten(), (std::vector<position>{{1}, {2}}));
  EXPECT_THAT(changes(), ElementsAre("1 gone", "2 gone", "3 open", "4 open", "5 open"));
  EXPECT_THAT(told(all.awaits(ann, key("o"))), ElementsAre("3 ann"));
}

TEST_F(OutsideEvents, OneThatWasReceivedWhileItWasKeptIsNotHandedAgain) {
  (void)all.arrived(event(5, "o"));
  all.received({5});
  EXPECT_THAT(all.awaits(ann, key("o")), IsEmpty());
}

TEST_F(OutsideEvents, OneThatNobodyEverAwaitsConcernsNobody) {
  recorded_event e;
  e.position = {5};
  e.body = worked{"a"};
  EXPECT_THAT(all.arrived(e), IsEmpty());
  EXPECT_EQ(all.kept_count(), 0U);
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(OutsideEvents, OfWhatWasKeptTheEarliestIsHandedWhicheverKeyItHas) {
  for (const auto& [first, second] : {std::pair("7", "8"), std::pair("8", "7")}) {
    outside_events each(3);
    each.add(p);
    (void)each.arrived(event(1, first));
    (void)each.arrived(event(2, second));
    std::vector<awaited_key> both = key("7");
    both.push_back(key("8").front());
    both.push_back(key("7").front()); // said twice, awaited once
    EXPECT_THAT(told(each.awaits(ann, both)), ElementsAre("1 ann"));
    EXPECT_EQ(each.kept_count(), 1U);
  }
}

TEST_F(OutsideEvents, OneThatWasReceivedMeanwhileIsNotTakenBack) {
  (void)all.awaits(ann, key("o"));
  const auto handed = all.arrived(event(5, "o"));
  all.received({5});
  EXPECT_THAT(all.returned(ann, handed.at(0).event), IsEmpty());
  EXPECT_EQ(all.kept_count(), 0U);
  EXPECT_FALSE(all.has_in_hand(ann));
}

TEST_F(OutsideEvents, OneThatWasParkedBeforeARestartStaysSoUntilItIsReceived) {
  all.parked({5}, "it fits 2 instances");
  EXPECT_EQ(all.parked_count(), 1U);
  EXPECT_THAT(changes(), IsEmpty()); // it stands in the book already
  all.received({5});
  EXPECT_EQ(all.parked_count(), 0U);
  EXPECT_THAT(changes(), ElementsAre("5 gone"));
}

} // namespace
