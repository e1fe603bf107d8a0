#include "project/traceability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace project {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int process_machine_rules = 21;

TEST(Traceability, EveryPromiseNamesATestThatExists) {
  ASSERT_TRUE(file_exists("docs/tests.md"));
  EXPECT_THAT(check_traceability(read_file("docs/tests.md"), test_names(source_files()),
                                 process_machine_rules),
              IsEmpty());
}

TEST(Traceability, FindsAllKindsOfTests) {
  const auto names = test_names({{"tests/a.cpp", R"(
    TEST(Plain, One) {}
    TEST_F(Fixture, Two) {}
    TEST_P(Param, Three) {}
    TYPED_TEST(Typed, Four) {}
    RC_GTEST_PROP(Property, Five, (int x)) {}
    RC_GTEST_FIXTURE_PROP(Fixture, Six,
                          ()) {}
    // TEST(Comment, Seven) {}
    MY_TEST(Other, Eight) {}
  )"},
                                 {"src/a.cpp", "TEST(NotATest, Nine) {}"}});
  EXPECT_THAT(names, ElementsAre("Fixture.Six", "Fixture.Two", "Param.Three", "Plain.One",
                                 "Property.Five", "Typed.Four"));
}

std::vector<std::string> check_rows(const std::string& rows, int rules = 0) {
  return check_traceability("| what | held by |\n|---|---|\n" + rows, {"Suite.Name", "Suite.Other"},
                            rules);
}

TEST(Traceability, AcceptsACompleteTable) {
  EXPECT_THAT(check_rows("| rule 1 | `Suite.Name` |\n| rule 2, which says: x | `Suite.Other` |\n"
                         "| CI | `.ci/run` |\n| Runs | `scripts/test`, `Suite.Name` |\n",
                         2),
              IsEmpty());
}

TEST(Traceability, ReportsAMissingTest) {
  EXPECT_THAT(check_rows("| x | `Suite.Name`, `Suite.Gone` |\n"),
              ElementsAre(HasSubstr("no test Suite.Gone")));
  EXPECT_THAT(check_rows("\nAnd `Suite.Gone` in the text.\n"),
              ElementsAre(HasSubstr("no test Suite.Gone")));
}

TEST(Traceability, ReportsAMissingScript) {
  EXPECT_THAT(check_rows("| x | `scripts/gone --now` |\n"),
              ElementsAre(HasSubstr("no file scripts/gone")));
}

TEST(Traceability, ReportsARowWithoutTests) {
  EXPECT_THAT(check_rows("| x | later |\n"), ElementsAre(HasSubstr("line 3: names no test")));
  EXPECT_THAT(check_rows("| x | `README.md` |\n"), ElementsAre(HasSubstr("names no test")));
}

TEST(Traceability, ReportsAMissingRule) {
  const auto wrong = check_rows("| rule 1 | `Suite.Name` |\n| rule 20 | `Suite.Name` |\n", 2);
  EXPECT_THAT(wrong, ElementsAre("no row for rule 2"));
  EXPECT_THAT(check_rows("Rule 1 is in the text only.\n", 1), Contains("no row for rule 1"));
}

} // namespace
} // namespace project
