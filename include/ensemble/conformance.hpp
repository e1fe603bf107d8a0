#pragma once

#include <ensemble/flow_graph.hpp>
#include <ensemble/service.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// What a journal is held against.
struct conformance_options {
  /// All versions that it may hold instances of.
  std::vector<process_definition> processes{};
  /// The services that record its events, with their policies; not owned, none of them null. Empty:
  /// unknown, then what callers' and policies' commands come to is not judged, and of a process's
  /// commands only the outcomes that its definition names are declared.
  std::vector<const service_definition*> services{};
};

enum class conformance_kind {
  undeclared_reaction, ///< events follow from events as nothing declares it
  never_seen,          ///< declared, but no event of the journal is a case of it
  outside_language,    ///< an instance did what its definition does not allow
};
/// The name of a kind, as in `never seen`.
[[nodiscard]] std::string_view to_string(conformance_kind kind) noexcept;

struct conformance_finding {
  conformance_kind kind = conformance_kind::undeclared_reaction;
  std::string process{};  ///< empty: none, or unknown
  instance_id instance{}; ///< of a flow outside the language
  position at{};          ///< the event; of a reaction, its first case
  std::string text{};     ///< one sentence
  std::string rule{};     ///< which it breaks, as in `G2`: see docs/history.md; empty: none
};

struct conformance_report {
  /// Of each kind so many are kept in full; all are counted.
  static constexpr std::size_t kept = 100;

  std::uint64_t events = 0;
  std::uint64_t reactions = 0; ///< different ones
  std::uint64_t instances = 0; ///< replayed
  /// Instances that were not replayed, since the version that they run under was not given.
  std::uint64_t unknown_versions = 0;
  std::uint64_t open = 0;                   ///< of those replayed, instances that have not ended
  std::vector<instance_id> open_examples{}; ///< the first few
  std::array<std::uint64_t, 3> counts{};    ///< of the findings, by kind
  std::vector<conformance_finding> findings{};

  [[nodiscard]] std::uint64_t count(conformance_kind kind) const noexcept {
    return counts[static_cast<std::size_t>(kind)];
  }
  /// True if every reaction is declared and no instance left its language. What was never seen may
  /// just not have happened yet.
  [[nodiscard]] bool conforms() const noexcept;
  void add(conformance_finding finding);

  /// For people, several lines.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string json() const;
};

/// Holds a mined graph against what was declared: reactions that nothing declares, and declared
/// ones that were never seen. A reaction of a process is declared if some version of it asks that
/// service for something in that step and direction, the event may be the answer, and the cause is
/// one after which it is asked.
[[nodiscard]] conformance_report conformance(const flow_graph& graph,
                                             const conformance_options& options);

/// The same for a whole journal, and replays every instance strictly, with the engine's own fold:
/// each outcome must be that of a command that was due, of its round, under its id, recorded once
/// and by the service that was asked; no step before those that it follows, none after the way back
/// has begun; each undo after those of the steps behind it, none after the pivot; the last word
/// last. Instances that have not ended are held to it as far as they came. Reads up to the
/// journal's present head; may run beside a live owner. Throws what the reader throws.
[[nodiscard]] conformance_report conformance(journal_reader& journal,
                                             const conformance_options& options);

} // namespace ensemble
