#include <ensemble/event.hpp>
#include <ensemble/identity.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <limits>
#include <set>

namespace ensemble {
namespace {

const instance_id instance = make_instance_id({4711}, "order_fulfilment");

// What stands here was computed by another program from the published algorithms. Journals hold
// these ids: a change that needs another number here breaks every journal there is.
TEST(Identity, IdsNeverChange) {
  const auto pay = make_command_id(instance, "payment", direction::forward, 0);
  EXPECT_EQ(to_string(instance), "00000000000012674e241d6288e1a73a");
  EXPECT_EQ(to_string(pay), "00000000000012677c0bffd338d5d510");
  EXPECT_EQ(to_string(make_command_id(instance, "payment", direction::undo, 2)),
            "00000000000012672ac9658c664acdc2");
  EXPECT_EQ(to_string(make_command_id(instance, "", direction::complete, 0)),
            "00000000000012672c486df0cb22af35");
  EXPECT_EQ(to_string(make_event_id(pay, 3)), "00000000000012677c0bffd338d5d513");
  EXPECT_EQ(to_string(make_engine_event_id(pay, "attempt_failed", 1)),
            "00000000000012671b86d7b7d4eaf39c");
}

TEST(Identity, InstanceRemembersWhereItStarted) {
  EXPECT_EQ(start_of(instance), position{4711});
  EXPECT_EQ(start_of(make_instance_id({~std::uint64_t{}}, "p")), position{~std::uint64_t{}});
}

TEST(Identity, InstancesSortByTheirStart) {
  EXPECT_LT(make_instance_id({255}, "z"), make_instance_id({256}, "a"));
}

TEST(Identity, TwoProcessesOfOneStartEventDiffer) {
  EXPECT_NE(make_instance_id({1}, "order_fulfilment"), make_instance_id({1}, "order_fulfilmenu"));
}

TEST(Identity, FirstEventHasTheIdOfItsCommand) {
  const auto command = make_command_id(instance, "stock", direction::forward, 0);
  EXPECT_EQ(make_event_id(command, 0).bytes, command.bytes);
}

TEST(Identity, EventLeadsBackToItsCommandAlsoWhereTheNumberWraps) {
  const auto command = command_id::of(1, std::numeric_limits<std::uint64_t>::max());
  recorded_event event;
  event.index = 2;
  event.id = make_event_id(command, event.index);
  EXPECT_EQ(event.id.tail(), 1U);
  EXPECT_EQ(event.command(), command);
}

TEST(Identity, CommandsOfManyInstancesStepsDirectionsAndRoundsAllDiffer) {
  std::set<std::array<std::uint8_t, 16>> seen;
  std::size_t made = 0;
  for (std::uint64_t start = 1; start <= 20; ++start)
    for (const auto* process : {"a", "b", "order_fulfilment"})
      for (const auto* step : {"", "a", "b", "payment", "paymenu", "stock"})
        for (int d = 0; d <= 5; ++d)
          for (std::uint32_t round = 0; round < 5; ++round, ++made)
            seen.insert(make_command_id(make_instance_id({start}, process), step,
                                        static_cast<direction>(d), round)
                            .bytes);
  EXPECT_EQ(seen.size(), made);
}

TEST(Identity, EngineEventsStandApartFromOutcomes) {
  const auto command = make_command_id(instance, "stock", direction::forward, 0);
  std::set<event_id> seen;
  for (std::uint32_t n = 0; n < 100; ++n) {
    seen.insert(make_event_id(command, n));
    seen.insert(make_engine_event_id(command, "attempt_failed", n));
    seen.insert(make_engine_event_id(command, "attempt_faileb", n));
  }
  EXPECT_EQ(seen.size(), 300U);
}

TEST(Identity, OneBitMoreTurnsAboutHalfOfTheHash) {
  int turned = 0;
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    const auto a = make_command_id(instance, "s", direction::forward, 0);
    const auto b = make_command_id(instance, "s", direction::forward, 1U << bit);
    turned += std::popcount(a.tail() ^ b.tail());
  }
  EXPECT_NEAR(turned / 32.0, 32.0, 4.0);
}

TEST(Identity, NoneIsFalseAndAllZeros) {
  EXPECT_FALSE(command_id{});
  EXPECT_TRUE(instance);
  EXPECT_EQ(to_string(event_id{}), std::string(32, '0'));
}

TEST(Identity, DirectionsHaveNames) {
  std::string names;
  for (int d = 0; d <= 5; ++d) names += std::string(to_string(static_cast<direction>(d))) + " ";
  EXPECT_EQ(names, "none do undo close complete abort ");
}

TEST(Identity, ErrorCodesHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(errc::unknown_outcome); ++code)
    names.insert(to_string(static_cast<errc>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(errc::unknown_outcome) + 1);
  EXPECT_EQ(to_string(errc::journal_locked), "journal_locked");
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(StreamName, CategoryEndsAtTheFirstDash) {
  EXPECT_EQ(make_stream_name("payment", "47-11"), "payment-47-11");
  EXPECT_EQ(category_of("payment-47-11"), "payment");
  EXPECT_EQ(category_of("payment"), "payment");
  EXPECT_EQ(category_of(""), "");
}

TEST(Names, OfWhatIsNoneAreUnknown) {
  EXPECT_EQ(to_string(static_cast<direction>(99)), "unknown");
  EXPECT_EQ(to_string(static_cast<errc>(999)), "unknown");
}

} // namespace
} // namespace ensemble
