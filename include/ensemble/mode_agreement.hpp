#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ensemble {

/// Where a participant would not have done as the conductor does.
struct mode_disagreement {
  instance_id instance{};
  position at{};      ///< after that event
  std::string text{}; ///< one sentence
};

/// What verify_modes found.
struct mode_agreement {
  /// So many disagreements are kept in full; all are counted.
  static constexpr std::size_t kept = 100;

  std::uint64_t events = 0;
  std::uint64_t instances = 0; ///< compared
  std::uint64_t prefixes = 0;  ///< of their events, each compared for every participant
  /// Instances that were not compared, since the version that they run under was not given.
  std::uint64_t unknown_versions = 0;
  std::uint64_t disagreements = 0; ///< instances that have one; of each only the first is told
  std::vector<mode_disagreement> first{};

  [[nodiscard]] bool agrees() const noexcept { return disagreements == 0; }
};

/// Holds a journal, of whichever mode, against the promise that both modes are one: after every
/// event of every instance the conductor, who reads the journal in its order, and each
/// participant, who reads the instance by its index as after a restart, must have the same fold;
/// each command that is due must be due in exactly one participant, that of its service; and the
/// owner's participant must keep the conductor's deadlines.
///
/// `processes` are all versions that the journal may hold instances of. Reads up to the journal's
/// present head, with memory for the instances that are open; may run beside a live owner. Throws
/// what the reader throws.
[[nodiscard]] mode_agreement verify_modes(journal_reader& journal,
                                          const std::vector<process_definition>& processes);

} // namespace ensemble
