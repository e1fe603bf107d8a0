#include "runtime/bookshop.hpp"
#include "runtime/leave.hpp"
#include "runtime/temporary_folder.hpp"
#include "runtime/tested_mode.hpp"

#include <gtest/gtest.h>

// Rule 16: an instance runs under the version that was deployed when it began.

namespace {

using namespace leave;
using namespace std::chrono_literals;
using bookshop::in_memory;
using ensemble::outcome_kind;

class Versions : public testing::Test {
protected:
  Versions() { options.journal = folder.file("j.db"); }

  /// Leaves one instance of version 1 open, waiting.
  ensemble::receipt leave_one_open() {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    return ask(r, "old", 1).front();
  }
  /// The names of the steps that booked something.
  static std::vector<std::string> steps_that_booked(const std::string& journal) {
    std::vector<std::string> steps;
    for (const auto& e : ensemble::open_journal_reader({journal})->read_all({1}))
      if (e.body.name() == "booked") steps.push_back(e.origin.step);
    return steps;
  }

  const temporary_folder folder;
  ensemble::runtime_options options = in_memory();
  const leave::options second{.version = 2, .last_step = "entry"};
};

TEST_F(Versions, OldInstancesEndUnderTheOldAndNewOnesBeginUnderTheNew) {
  const auto old = leave_one_open();
  {
    ensemble::runtime r(options);
    host_services(r);
    add_process(add_process(r, leaving()), leaving(second));
    r.start();
    const auto fresh = ask(r, "new", 1).front();
    grant_all(r, "old", 1);
    EXPECT_EQ(r.await(old, 20s).kind, outcome_kind::completed);
    grant_all(r, "new", 1);
    EXPECT_EQ(r.await(fresh, 20s).kind, outcome_kind::completed);
  }
  EXPECT_EQ(steps_that_booked(options.journal), (std::vector<std::string>{"booking", "entry"}));
}

TEST_F(Versions, TheOrderInWhichTheyAreGivenDoesNotMatter) {
  const auto old = leave_one_open();
  {
    ensemble::runtime r(options);
    host_services(r);
    add_process(add_process(r, leaving(second)), leaving());
    r.start();
    grant_all(r, "old", 1);
    EXPECT_EQ(r.await(old, 20s).kind, outcome_kind::completed);
  }
  EXPECT_EQ(steps_that_booked(options.journal), (std::vector<std::string>{"booking"}));
}

TEST_F(Versions, AnInstanceWhoseVersionIsMissingIsStuckUntilItIsGivenAgain) {
  const auto old = leave_one_open();
  {
    ensemble::runtime r(options);
    set_up(r, second);
    r.start();
    const auto outcome = r.await(old, 20s);
    EXPECT_EQ(outcome.kind, outcome_kind::stuck);
    EXPECT_NE(outcome.reason.find("version 1 of process 'leaving'"), std::string::npos)
        << outcome.reason;
    EXPECT_EQ(r.stats().instances_stuck, 1U);
    grant_all(r, "old", 1); // kept for it
  }
  ensemble::runtime r(options);
  host_services(r);
  add_process(add_process(r, leaving()), leaving(second));
  r.start();
  EXPECT_EQ(r.await(old, 20s).kind, outcome_kind::completed);
}

TEST_F(Versions, AnotherStructureUnderTheSameVersionRefusesToStart) {
  (void)leave_one_open();
  ensemble::runtime r(options);
  set_up(r, {.last_step = "entry"});
  try {
    r.start();
    FAIL() << "it started";
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), ensemble::errc::bad_definition);
    EXPECT_NE(std::string(e.what()).find("'step booking, pivot' became 'step entry, pivot'"),
              std::string::npos)
        << e.what();
    EXPECT_NE(std::string(e.what()).find(".version(2)"), std::string::npos) << e.what();
  }
}

TEST_F(Versions, OtherTimesAreNoOtherStructure) {
  (void)leave_one_open();
  ensemble::runtime r(options);
  set_up(r, {.within = 1h});
  EXPECT_NO_THROW(r.start());
}

TEST_F(Versions, GoingBackToAnOlderOneDeploysItAgain) {
  {
    ensemble::runtime r(options);
    host_services(r);
    add_process(add_process(r, leaving()), leaving(second));
    r.start();
    (void)ask(r, "new", 1);
  }
  {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    EXPECT_EQ(r.stats().instances_stuck, 1U) << "version 2 is not run here";
    EXPECT_TRUE(r.stuck().get().instances.empty()) << "and so cannot be told";
    const auto receipt = ask(r, "again", 1).front();
    grant_all(r, "again", 1);
    EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
  }
  EXPECT_EQ(steps_that_booked(options.journal), (std::vector<std::string>{"booking"}));
}

// Rule 5: only the bodies of functions changed, so it is the same version.
TEST_F(Versions, AnInstanceThatABugBrokeIsFoldedAnewByAMendedProgram) {
  ensemble::receipt receipt;
  {
    ensemble::runtime r(options);
    set_up(r, {.breaks = true});
    r.start();
    receipt = ask(r, "a", 1).front();
    EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::stuck);
    const auto before = r.stats().commits; // its row of the book
    ASSERT_TRUE(eventually([&] { return r.stats().commits > before; }));
  }
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  grant_all(r, "a", 1);
  ASSERT_TRUE(eventually([&] { return r.stats().instances_completed == 1; }));
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_stuck, 0U);
}

TEST_F(Versions, TheSameVersionTwiceIsRefused) {
  ensemble::runtime r(options);
  set_up(r);
  EXPECT_THROW(add_process(r, leaving()), ensemble::error);
}

} // namespace
