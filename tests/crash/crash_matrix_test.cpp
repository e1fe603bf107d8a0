// A share of the crash matrix for every day; torture_disk runs it whole.

#include "crash/evidence.hpp"
#include "crash/kills.hpp"
#include "crash/power_cuts.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

using namespace crash;
using ensemble::process_mode;

class CrashMatrix : public testing::TestWithParam<std::optional<process_mode>> {
protected:
  CrashMatrix() {
    spdlog::set_level(spdlog::level::off); // what fails here fails on purpose
    auto name = (std::filesystem::temp_directory_path() / "ensemble-crash-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    directory_ = name;
  }
  ~CrashMatrix() override {
    spdlog::set_level(spdlog::level::info);
    std::error_code ignored;
    if (!HasFailure()) std::filesystem::remove_all(directory_, ignored);
  }

  // One operation in so many, so that each test takes a second or two.
  static std::uint64_t every(double operations) {
    const char* scale = std::getenv("ENSEMBLE_TEST_SCALE");
    return static_cast<std::uint64_t>(operations / (scale != nullptr ? std::atof(scale) : 1.0));
  }

  [[nodiscard]] cut_options cuts() const {
    cut_options options;
    options.directory = directory_ / "files";
    options.mode = GetParam();
    options.images = 2;
    options.every = every(5);
    return options;
  }
  [[nodiscard]] kill_tally strike_some(strike what) const {
    kill_options options;
    options.directory = directory_ / "files";
    options.mode = GetParam();
    options.what = what;
    options.every = every(71);
    return strike_everywhere(options);
  }

  std::filesystem::path directory_;
};

TEST_P(CrashMatrix, APowerCutLosesNothingThatWasShown) {
  const auto made = cut_the_power(cuts());
  EXPECT_EQ(made.violations, 0U);
  EXPECT_GT(made.operations, 300U);
  EXPECT_GT(made.images, 10U);
}

TEST_P(CrashMatrix, SeesThatSynchronousNormalLosesEvents) {
  auto options = cuts();
  options.durability = ensemble::durability::relaxed;
  const auto made = cut_the_power(options);
  EXPECT_EQ(made.violations, 0U) << "what is left is whole all the same";
  EXPECT_GT(made.lost, 0U);
}

TEST_P(CrashMatrix, AKilledProcessIsResumedByTheNext) {
  const auto made = strike_some(strike::kill);
  EXPECT_EQ(made.violations, 0U);
  EXPECT_GT(made.kills, 0U);
}

TEST_P(CrashMatrix, AFailedOperationIsTheLastUntilARestart) {
  for (const auto what : {strike::fail_once, strike::fail_for_ever}) {
    const auto made = strike_some(what);
    EXPECT_EQ(made.violations, 0U);
    EXPECT_GT(made.faults, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, CrashMatrix,
                         testing::Values(std::nullopt, process_mode::orchestration,
                                         process_mode::choreography),
                         [](const auto& of) {
                           return of.param ? std::string(to_string(*of.param))
                                           : std::string("journal");
                         });

TEST(Evidence, ThatWasForgottenDoesNotComeBackWhereANoteWasCutShort) {
  auto& shown = evidence::make();
  shown.note(evidence::what::charge, "of an earlier life", 1, 1);
  static const evidence nothing{};
  shown.become(nothing, 0);
  // A place is taken, and not filled: as by a program that is killed in between.
  EXPECT_THROW(shown.note(evidence::what::charge, std::string(1000, 'x'), 1, 1), std::length_error);
  EXPECT_TRUE(shown.effects().empty());
}

} // namespace
