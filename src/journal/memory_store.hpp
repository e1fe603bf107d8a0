#pragma once

#include "journal/append_rules.hpp"

#include <ensemble/journal.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ensemble::storage {

using positions = std::vector<std::uint64_t>;

/// An event id in a stream, by the stream's number.
struct stream_event {
  std::int64_t stream = 0;
  event_id id{};
  friend bool operator==(const stream_event&, const stream_event&) = default;
};

struct stream_event_hash {
  std::size_t operator()(const stream_event& key) const noexcept {
    return std::hash<event_id>{}(key.id) ^
           static_cast<std::size_t>(key.stream) * 0x9E3779B97F4A7C15ULL;
  }
};

/// Lets a map of texts be asked for one that is no std::string.
struct text_hash : std::hash<std::string_view> {
  using is_transparent = void;
};

/// What the memory journal and its readers share. `mutex` guards all of it.
struct memory_store {
  using stream_ids = std::unordered_map<stream_event, std::uint64_t, stream_event_hash>;

  std::shared_mutex mutex{};
  std::deque<recorded_event> events{}; ///< position p stands at p - 1
  std::unordered_map<std::string, std::int64_t, text_hash, std::equal_to<>> stream_numbers{};
  std::vector<positions> streams{}; ///< number n stands at n - 1
  stream_ids ids{};
  // These are asked for rarely: who does brings them up to the newest event.
  std::unordered_map<instance_id, positions> instances{};
  std::unordered_map<correlation_id, positions> correlations{};
  std::uint64_t in_instances = 0;    ///< events that stand there, or have no place
  std::uint64_t in_correlations = 0; ///< and there
  std::set<std::string, std::less<>> message_names{};
  using book_rows = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, book_rows, std::less<>> books{};

  /// Appends an event whose position, stream and version are set, with its index entries.
  void record(recorded_event event, std::int64_t stream);
  void sort_by_flow();
  void change(const book_change& change);
};

/// The store must outlive the reader.
[[nodiscard]] std::unique_ptr<journal_reader> make_memory_reader(memory_store& store,
                                                                 const type_lookup& types);

} // namespace ensemble::storage
