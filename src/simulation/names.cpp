#include <ensemble/simulation.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace ensemble::simulation {

namespace {

constexpr std::array fault_names{std::pair{fault::power_cut, "power_cut"},
                                 std::pair{fault::cut_before_commit, "cut_before_commit"},
                                 std::pair{fault::cut_after_commit, "cut_after_commit"},
                                 std::pair{fault::failed_commit, "failed_commit"},
                                 std::pair{fault::full_disk, "full_disk"},
                                 std::pair{fault::slow_disk, "slow_disk"},
                                 std::pair{fault::dead_actor, "dead_actor"},
                                 std::pair{fault::lost_message, "lost_message"},
                                 std::pair{fault::delayed_message, "delayed_message"},
                                 std::pair{fault::doubled_message, "doubled_message"},
                                 std::pair{fault::pause, "pause"},
                                 std::pair{fault::clock_jump, "clock_jump"},
                                 std::pair{fault::call_throws, "call_throws"},
                                 std::pair{fault::call_refuses, "call_refuses"},
                                 std::pair{fault::call_fails, "call_fails"},
                                 std::pair{fault::slow_call, "slow_call"},
                                 std::pair{fault::lost_answer, "lost_answer"},
                                 std::pair{fault::operator_word, "operator_word"},
                                 std::pair{fault::new_version, "new_version"}};

} // namespace

std::string_view to_string(fault what) noexcept {
  for (const auto& [one, name] : fault_names)
    if (one == what) return name;
  return "";
}

std::optional<fault> parse_fault(std::string_view text) noexcept {
  for (const auto& [one, name] : fault_names)
    if (name == text) return one;
  return std::nullopt;
}

const std::set<fault>& all_faults() {
  static const std::set<fault> all = [] {
    std::set<fault> some;
    for (const auto& [one, name] : fault_names) some.insert(one);
    return some;
  }();
  return all;
}

std::string_view to_string(happening what) noexcept {
  switch (what) {
  case happening::success: return "success";
  case happening::failure: return "failure";
  case happening::rejection: return "rejection";
  case happening::timeout: return "timeout";
  case happening::duplicate: return "duplicate";
  case happening::cut_before: return "cut_before";
  case happening::cut_after: return "cut_after";
  case happening::late: return "late";
  }
  return "";
}

std::string step_case::name() const {
  auto all = process + "_" + step + "_" + std::string(to_string(direction)) + "_" +
             std::string(to_string(what)) + (event.empty() ? "" : "_" + event);
  const auto odd = [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); };
  std::ranges::replace_if(all, odd, '_');
  return all;
}

} // namespace ensemble::simulation
