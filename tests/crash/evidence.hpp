#pragma once

#include <ensemble/journal.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace crash {

/// What the world outside was shown: durable events, and effects of services. It lies in memory
/// that a killed child shares with its parent, so it holds no pointer. Safe from several threads.
/// Each entry bears the number of operations that the disk had seen by then.
class evidence {
public:
  static constexpr std::size_t most = 4096;
  enum class what : std::uint32_t { charge, cancel_charge, refund, cancel_refund, mail };
  struct effect {
    what kind = what::mail;
    std::uint64_t when = 0;
    std::uint64_t cause = 0; ///< a position that must have been durable before
    std::string key{};
  };

  /// One in shared memory, with nothing in it. Lives as long as the program.
  static evidence& make();

  /// An event that somebody was shown. False: another one was shown at its place before.
  bool show(const ensemble::recorded_event& e, std::uint64_t when);
  void note(what kind, std::string_view key, std::uint64_t cause, std::uint64_t when);

  /// The highest position that was shown when the disk had seen so many operations.
  [[nodiscard]] std::uint64_t shown_at(std::uint64_t operation) const;
  /// False: another event was shown there.
  [[nodiscard]] bool fits(std::uint64_t position, std::uint64_t print) const;
  [[nodiscard]] std::vector<effect> effects() const;
  /// Becomes what `other` was when the disk had seen so many operations; all of it is old now.
  void become(const evidence& other, std::uint64_t operation);

private:
  struct shown_event {
    std::atomic<std::uint64_t> print;
    std::atomic<std::uint64_t> when; ///< and one; 0: never
  };
  struct effect_entry {
    std::atomic<bool> whole;
    what kind;
    std::uint64_t when;
    std::uint64_t cause;
    std::array<char, 64> key;
  };
  std::array<shown_event, most> events_;
  std::array<effect_entry, most> effects_;
  std::atomic<std::size_t> effect_count_;
};

/// A number that differs where two events do, whatever field.
[[nodiscard]] std::uint64_t print_of(const ensemble::recorded_event& e);

/// The whole journal.
[[nodiscard]] std::vector<ensemble::recorded_event> read_all(ensemble::journal_reader& reader);

/// What is wrong; each a sentence. Empty: nothing is.
using findings = std::vector<std::string>;

/// Holds a journal against what had been shown when the disk had seen so many operations: sound,
/// nothing shown is gone or another, no effect without its cause. With `lost`, events that are
/// gone are no findings: it is counted up by one.
findings verify_shown(ensemble::journal_reader& reader, const evidence& of, std::uint64_t operation,
                      std::uint64_t* lost = nullptr);

} // namespace crash
