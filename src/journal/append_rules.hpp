#pragma once

#include <ensemble/journal.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ensemble::storage {

/// What the writer knows of one stream inside a transaction.
struct stream_state {
  std::int64_t number = 0; ///< the adapter's own; 0: no event yet
  std::uint64_t length = 0;
};

/// The part of an adapter under the rules of commit: one open transaction. Whatever it is told is
/// seen by its next answers.
class append_store {
public:
  virtual ~append_store() = default;
  /// Stays valid until the transaction ends.
  virtual stream_state& stream(std::string_view name) = 0;
  virtual std::optional<position> find(const stream_state& stream, event_id id) = 0;
  /// The last event of the run that begins at `first`: see continues_run.
  virtual position end_of_run(position first) = 0;
  /// What is recorded in it gets that time.
  [[nodiscard]] virtual timestamp time() const = 0;
  /// Records the event behind the newest one, as the newest of its stream, and counts it. Throws
  /// errc::bad_argument when the stream holds the id already.
  virtual position append(std::string_view name, stream_state& stream, const new_event& event) = 0;
  virtual void change(const book_change& change) = 0;
  /// The row's value, if there is such a row. Throws errc::journal_damaged for one that fails its
  /// checksum.
  virtual std::optional<std::string> row(const std::string& book, const std::string& key) = 0;
};

/// Throws errc::bad_argument for a request that no journal can record: a stream without a name or
/// without events, an event without an id or a message, broken runs, or a row without a key. A
/// request's events are runs of index 0, 1, 2, ... whose last alone is marked `last`.
void check_request(const append_request& request);

/// Whether an event is the next one of the run that a not yet last event of `index` is in.
[[nodiscard]] bool continues_run(std::uint32_t index, std::uint32_t next_index) noexcept;

/// Which requests there is space for.
enum class space {
  ample,  ///< all
  scarce, ///< those that are essential
  none,
};

/// Decides and records checked requests, in order: repeats first, then expected rows and versions,
/// then whether there is space. Without any, nothing is written.
[[nodiscard]] std::vector<append_result> apply_requests(append_store& store,
                                                        std::span<const append_request> requests,
                                                        space room = space::ample);

/// The error of an id that its stream holds already, though its request is no repeat.
[[nodiscard]] error duplicate_event(std::string_view stream, event_id id);

} // namespace ensemble::storage
