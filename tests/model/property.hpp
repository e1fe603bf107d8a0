#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

/// How much more work than usual the tests shall do: the environment's ENSEMBLE_TEST_SCALE.
inline double test_scale() {
  const char* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  const double value = scale ? std::strtod(scale, nullptr) : 1.0;
  return value > 0 ? value : 1.0;
}

/// Checks a property in that many cases, times the scale. A failure shows the smallest
/// counterexample and what to put into RC_PARAMS to see it again.
template <class Property>
void check_property(int cases, Property property) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(test->test_suite_name()) + "/" + test->name();
  metadata.description = test->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = std::max(1, static_cast<int>(cases * test_scale()));
  const auto result = rc::detail::checkTestable(std::move(property), metadata, params);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL() << text.str();
}
