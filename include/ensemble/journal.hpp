#pragma once

#include <ensemble/error.hpp>
#include <ensemble/event.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// What an append demands of a stream's present length (optimistic concurrency).
class expected_version {
public:
  /// Any length will do.
  [[nodiscard]] static expected_version any() noexcept { return expected_version(any_length); }
  /// The stream must have no event yet.
  [[nodiscard]] static expected_version none() noexcept { return expected_version(0); }
  /// The stream must hold exactly `length` events.
  [[nodiscard]] static expected_version exactly(std::uint64_t length) noexcept {
    return expected_version(length);
  }
  [[nodiscard]] bool fits(std::uint64_t length) const noexcept {
    return length_ == any_length || length_ == length;
  }
  /// The length that it demands; none: any will do.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept {
    return length_ == any_length ? std::nullopt : std::optional(length_);
  }

private:
  static constexpr std::uint64_t any_length = ~std::uint64_t{};
  explicit expected_version(std::uint64_t length) noexcept : length_(length) {}
  std::uint64_t length_;
};

/// Events for one stream.
struct stream_append {
  std::string stream{};
  expected_version expected = expected_version::any();
  std::vector<new_event> events{};
};

/// A change of one row of a book: a small table of the engine's or a projection's, keyed by bytes.
/// No value deletes the row. A key has at least one byte.
struct book_change {
  std::string book{};
  std::string key{};
  std::optional<std::string> value{};
};

/// How an append demands a row of a book to be. No value: there must be no such row. A key has at
/// least one byte.
struct book_expectation {
  std::string book{};
  std::string key{};
  std::optional<std::string> value{};
};

/// A row of a book.
struct book_row {
  std::string key{};
  std::string value{};
  friend bool operator==(const book_row&, const book_row&) = default;
};

/// One atomic request: all of it is recorded, or nothing. Streams are appended in the order given;
/// the events of one command run through them, whatever their streams: index 0, 1, 2, ... A stream
/// without events, behind the first, is there for its expected version: that alone is compared.
/// Book changes are written in the same transaction. Expected rows are compared in it, too, and see
/// what earlier requests of the same commit changed: so an owner whose place another one has taken
/// (a row names it) can record nothing any more, whatever it believes; and of several who would
/// change the same row, each demanding what it read, one succeeds.
struct append_request {
  std::vector<stream_append> streams{};
  std::vector<book_change> books{};
  /// True: it may use the headroom (see journal_options), which is kept free for work that was
  /// accepted: the outcomes and compensations of processes, closes, operators' events.
  bool essential = false;
  std::vector<book_expectation> expected_rows{};
};

/// What became of one append request.
struct append_result {
  enum class status {
    appended, ///< recorded, and durable to the degree that the journal's durability states
    repeated, ///< the first event's id stands in its stream already: nothing was written
    conflict, ///< a stream did not have its expected length: nothing was written
    no_space, ///< the disk is full: nothing was written; try again later
    fenced,   ///< a row of a book is not as the request demands: nothing was written
  };
  status state = status::appended;
  /// The first and last event of the request (repeated: of the earlier append's first event).
  position first{};
  position last{};
  /// The length of each stream of the request afterwards (of a repeat or conflict: as it is; of
  /// one without space, or fenced: empty).
  std::vector<std::uint64_t> lengths{};
  /// When it was recorded; of an append without events, and of any but `appended`: nothing.
  timestamp time{};
};

/// Page limits of a read.
inline constexpr std::size_t read_page = 1024;

/// Reads a journal. Each reader belongs to one thread at a time; several may read at once, beside
/// the writer. What was once read never changes, and nothing appears below it later.
/// Messages come decoded when their type is registered (see journal_options), else opaque.
/// Every function throws errc::journal_damaged, naming the event, when stored bytes fail their
/// checksum, and errc::journal_failed when the storage cannot be read.
class journal_reader {
public:
  virtual ~journal_reader() = default;
  /// The position of the newest event; 0 for an empty journal.
  virtual position head() = 0;
  /// Up to `limit` events at `from` and after, in journal order.
  virtual std::vector<recorded_event> read_all(position from, std::size_t limit = read_page) = 0;
  /// Up to `limit` events of a stream, from that version on.
  virtual std::vector<recorded_event> read_stream(std::string_view stream, stream_version from,
                                                  std::size_t limit = read_page) = 0;
  /// Up to `limit` events whose envelope names the instance, after `after`, in journal order. The
  /// start event is not among them: it stands at start_of(instance).
  virtual std::vector<recorded_event> read_instance(instance_id instance, position after,
                                                    std::size_t limit = read_page) = 0;
  /// Up to `limit` events of a flow, after `after`, in journal order.
  virtual std::vector<recorded_event> read_correlation(correlation_id correlation, position after,
                                                       std::size_t limit = read_page) = 0;
  /// The event of that id in the stream, if it is there.
  virtual std::optional<recorded_event> find(std::string_view stream, event_id id) = 0;
  /// The names of up to `limit` streams of a category, sorted, behind `after`.
  virtual std::vector<std::string> stream_names(std::string_view category, std::string_view after,
                                                std::size_t limit = read_page) = 0;
  /// Every message name that the journal holds.
  virtual std::vector<std::string> message_names() = 0;
  /// Up to `limit` rows of a book, sorted by the bytes of their keys, behind `after_key` (empty:
  /// from the first on). Pages are no snapshot: a commit may fall between two of them.
  virtual std::vector<book_row> read_book(std::string_view book, std::string_view after_key = {},
                                          std::size_t limit = read_page) = 0;
  /// Checks everything that is stored: checksums, gap-free positions, gap-free stream versions,
  /// unique ids, times that do not fall. Calls `report` once for each fault, with a sentence;
  /// returns the number of events checked.
  virtual std::uint64_t verify(const std::function<void(const std::string&)>& report) = 0;
};

/// The port that every journal adapter implements: any number of readers, and one writer; or
/// several, of a journal that is kept elsewhere: see follow().
/// After a failed write or sync, every call of `commit` throws errc::journal_failed until the
/// journal has been opened anew (a failed sync is never repeated: the state of the disk is
/// unknown).
class journal {
public:
  virtual ~journal() = default;
  /// Records the requests in order, all in one durable step (under `speculative` durability: in
  /// one step that is durable after the next sync()); an expected version or row that does not
  /// fit, or a repeat, affects only its own request. Later requests see the lengths that earlier
  /// ones made. A repeat is told as such before anything is compared. `now` becomes the recorded
  /// time, unless the newest event's is later.
  /// One result a request. Throws errc::journal_failed: then it is unknown what was recorded; and
  /// errc::bad_argument, with nothing recorded: a request without events, an event without id,
  /// message or text, an index out of its run, an id that its stream holds already, a row of a
  /// book without a key.
  /// A full disk is no failure: requests come back with `no_space`, and later ones are recorded
  /// when there is space again.
  virtual std::vector<append_result> commit(std::span<const append_request> requests,
                                            timestamp now) = 0;
  /// Returns when everything is durable whose commit had returned before this call. Under
  /// `speculative` durability that is a step of its own; under any other there is nothing to do.
  /// May be called by any thread, beside the one that commits. Throws errc::journal_failed when it
  /// cannot; then every later commit throws it, too.
  virtual void sync() {}
  /// Of a journal in which others record, too: from now on gives `take` everything that stands
  /// behind `seen`, whoever recorded it, in journal order, each event once, never none, and all
  /// from one thread at a time. Messages may come opaque. Called again it goes on with another one.
  /// Returns false if nobody else records in it: then nothing happens.
  [[nodiscard]] virtual bool follow(position /*seen*/,
                                    std::function<void(std::vector<recorded_event>)> /*take*/) {
    return false;
  }
  /// A reader of its own for the calling thread. It may outlive nothing: destroy it before the
  /// journal.
  virtual std::unique_ptr<journal_reader> open_reader() = 0;
  /// True if calls may wait for a disk or a network, so that they need a thread of their own.
  [[nodiscard]] virtual bool blocking() const noexcept = 0;
};

/// What a commit has survived when it is acknowledged.
enum class durability {
  /// Written, not synced: survives a killed process, not a power cut.
  relaxed,
  /// Synced to the disk. The default.
  durable,
  /// As `relaxed` when it is written, and synced behind that. Inside the runtime work goes on at
  /// once; what leaves it (a receipt, an outcome, an effect, an event for an observer) waits until
  /// everything that it may rest on is synced. A process then waits for the disk at its end and
  /// before each effect, not at every step. A power cut takes only what nobody outside has been
  /// told of; but runtime_stats, and who reads the file itself beside the runtime, may see it.
  /// Callbacks, effects and handlers are all begun by one actor: a callback that blocks holds them
  /// all up.
  speculative,
};

/// Turns a stored name into its type; null when it is not known.
using type_lookup = std::function<const message_type*(std::string_view name)>;

struct journal_options {
  /// `memory:` keeps nothing; anything else is the path of a SQLite file, made if it is missing.
  std::string path = "memory:";
  ensemble::durability durability = ensemble::durability::durable;
  /// Where message types are found. Empty: all messages are read as opaque.
  type_lookup types{};
  /// Bytes of the file system that are kept free for essential requests: while less is free, all
  /// others come back with `no_space`. 0: every request may use the last byte. A journal in memory
  /// has none.
  std::uint64_t headroom = std::uint64_t{64} << 20;
};

/// Opens a journal for writing. Throws errc::journal_locked, naming the process that holds it;
/// errc::journal_foreign for a file that is not a journal or is of an unknown format version;
/// errc::journal_damaged for one whose pages or newest events fail verification;
/// errc::journal_full when there is no space to make it; errc::journal_failed when the file cannot
/// be opened or made.
[[nodiscard]] std::unique_ptr<journal> open_journal(const journal_options& options);

/// Opens an existing journal file for reading only, beside a live owner or without one. Throws as
/// open_journal does, but needs no lock.
[[nodiscard]] std::unique_ptr<journal_reader> open_journal_reader(const journal_options& options);

} // namespace ensemble
