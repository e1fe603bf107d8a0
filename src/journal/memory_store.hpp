#pragma once

#include "model/hash_index.hpp"

#include <ensemble/journal.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ensemble::storage {

using positions = std::vector<std::uint64_t>;

/// What the memory journal and its readers share. `mutex` guards all of it.
struct memory_store {
  std::shared_mutex mutex{};
  std::deque<recorded_event> events{}; ///< position p stands at p - 1
  std::vector<positions> streams{};    ///< number n stands at n - 1; none is empty
  internal::hash_index<std::int64_t> streams_by_name{};
  internal::hash_index<std::uint64_t> events_by_id{}; ///< and stream
  // These are asked for rarely: who does brings them up to the newest event.
  std::unordered_map<instance_id, positions> instances{};
  std::unordered_map<correlation_id, positions> correlations{};
  std::uint64_t in_instances = 0;    ///< events that stand there, or have no place
  std::uint64_t in_correlations = 0; ///< and there
  std::set<std::string, std::less<>> message_names{};
  using book_rows = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, book_rows, std::less<>> books{};

  [[nodiscard]] const std::string& name_of(std::int64_t stream) const;
  /// The number of that stream; 0: there is none.
  [[nodiscard]] std::int64_t find_stream(std::string_view name) const;
  /// The position of the event with that id in that stream; 0: there is none.
  [[nodiscard]] std::uint64_t find_event(std::int64_t stream, event_id id) const;
  /// Appends an event whose position, stream and version are set, with its index entries.
  void record(recorded_event what, std::int64_t stream);
  void sort_by_flow();
  void change(const book_change& change);
  [[nodiscard]] std::optional<std::string> row(const std::string& book,
                                               const std::string& key) const;
};

/// The store must outlive the reader.
[[nodiscard]] std::unique_ptr<journal_reader> make_memory_reader(memory_store& store,
                                                                 const type_lookup& types);

} // namespace ensemble::storage
