#include "journal/memory_journal.hpp"

#include "journal/append_rules.hpp"
#include "journal/memory_store.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ensemble::storage {

namespace {

std::uint64_t hash_of(std::string_view name) { return std::hash<std::string_view>{}(name); }

std::uint64_t hash_of(std::int64_t stream, event_id id) {
  return std::hash<event_id>{}(id) ^ (static_cast<std::uint64_t>(stream) * 0x9E3779B97F4A7C15ULL);
}

// One commit in the making: what it adds, beside the store that it does not touch yet. So a
// refused commit leaves nothing behind, and readers see it whole.
class transaction final : public append_store {
public:
  transaction(const memory_store& store, timestamp now) : store_(store), time_(now) {
    if (!store.events.empty()) time_ = std::max(time_, store.events.back().time);
  }

  stream_state& stream(std::string_view name) override {
    const auto [at, is_new] = streams_.try_emplace(std::string(name));
    if (is_new) {
      if (const auto known = store_.find_stream(name))
        at->second = {known, store_.streams[static_cast<std::size_t>(known - 1)].size()};
    }
    return at->second;
  }

  std::optional<position> find(const stream_state& stream, event_id id) override {
    if (const auto at = store_.find_event(stream.number, id)) return position{at};
    if (const auto at = ids_.find({stream.number, id}); at != ids_.end())
      return position{at->second};
    return std::nullopt;
  }

  position end_of_run(position first) override {
    auto end = first;
    while (!event(end).last && end.value < head() &&
           continues_run(event(end).index, event({end.value + 1}).index))
      ++end.value;
    return end;
  }

  [[nodiscard]] timestamp time() const override { return time_; }

  position append(std::string_view name, stream_state& stream, const new_event& event) override {
    if (stream.number == 0)
      stream.number = static_cast<std::int64_t>(store_.streams.size() + ++new_streams_);
    if (find(stream, event.id)) throw duplicate_event(name, event.id);
    const position at{head() + 1};
    events_.push_back({at,
                       std::string(name),
                       {ENSEMBLE_PLANTED(version_twice) ? stream.length / 2 : stream.length},
                       time_,
                       event.id,
                       event.index,
                       event.last,
                       event.origin,
                       event.body});
    numbers_.push_back(stream.number);
    ids_.emplace(stream_event{stream.number, event.id}, at.value);
    ++stream.length;
    return at;
  }

  void change(const book_change& change) override { changes_.push_back(change); }

  std::optional<std::string> row(const std::string& book, const std::string& key) override {
    const auto latest = std::find_if(changes_.rbegin(), changes_.rend(), [&](const auto& change) {
      return change.book == book && change.key == key;
    });
    return latest == changes_.rend() ? store_.row(book, key) : latest->value;
  }

  /// Moves everything into the store, which the caller has locked for writing.
  void publish(memory_store& store) {
    for (std::size_t i = 0; i < events_.size(); ++i)
      store.record(std::move(events_[i]), numbers_[i]);
    for (const auto& change : changes_) store.change(change);
  }

private:
  [[nodiscard]] std::uint64_t head() const { return store_.events.size() + events_.size(); }
  [[nodiscard]] const recorded_event& event(position at) const {
    const auto stored = store_.events.size();
    return at.value <= stored ? store_.events[at.value - 1] : events_[at.value - 1 - stored];
  }

  struct stream_event {
    std::int64_t stream = 0;
    event_id id{};
    friend bool operator==(const stream_event&, const stream_event&) = default;
  };
  struct stream_event_hash {
    std::size_t operator()(const stream_event& key) const noexcept {
      return static_cast<std::size_t>(hash_of(key.stream, key.id));
    }
  };

  const memory_store& store_;
  timestamp time_;
  std::unordered_map<std::string, stream_state> streams_;
  std::size_t new_streams_ = 0;
  std::unordered_map<stream_event, std::uint64_t, stream_event_hash> ids_;
  std::vector<recorded_event> events_;
  std::vector<std::int64_t> numbers_;
  std::vector<book_change> changes_;
};

class memory_journal final : public journal {
public:
  explicit memory_journal(type_lookup types) : types_(std::move(types)) {}

  std::vector<append_result> commit(std::span<const append_request> requests,
                                    timestamp now) override {
    if (failed_)
      throw error(errc::journal_failed, "the journal in memory failed for want of memory");
    for (const auto& request : requests) check_request(request);
    // Only this thread writes, so it may read the store without the lock.
    transaction made(store_, now);
    auto results = apply_requests(made, requests);
    const std::unique_lock lock(store_.mutex);
    failed_ = true; // until it is whole
    made.publish(store_);
    failed_ = false;
    return results;
  }

  std::unique_ptr<journal_reader> open_reader() override {
    return make_memory_reader(store_, types_);
  }

  [[nodiscard]] bool blocking() const noexcept override { return false; }

private:
  memory_store store_;
  type_lookup types_;
  bool failed_ = false;
};

} // namespace

const std::string& memory_store::name_of(std::int64_t stream) const {
  return events[streams[static_cast<std::size_t>(stream - 1)].front() - 1].stream;
}

std::int64_t memory_store::find_stream(std::string_view name) const {
  const auto* found = streams_by_name.find(
      hash_of(name), [&](std::int64_t number) { return name_of(number) == name; });
  return found ? *found : 0;
}

std::uint64_t memory_store::find_event(std::int64_t stream, event_id id) const {
  if (static_cast<std::uint64_t>(stream) > streams.size()) return 0; // no event of it stands here
  const auto* found = events_by_id.find(hash_of(stream, id), [&](std::uint64_t at) {
    return events[at - 1].id == id &&
           std::ranges::binary_search(streams[static_cast<std::size_t>(stream - 1)], at);
  });
  return found ? *found : 0;
}

// The event first: what is found by an index is there, also where want of memory ends this.
void memory_store::record(recorded_event what, std::int64_t stream) {
  const auto& event = events.emplace_back(std::move(what));
  const auto at = event.position.value;
  const auto place = static_cast<std::size_t>(stream - 1);
  if (place == streams.size()) {
    streams.push_back({at});
    streams_by_name.add(hash_of(event.stream), stream);
  } else {
    streams[place].push_back(at);
  }
  events_by_id.add(hash_of(stream, event.id), at);
  if (!message_names.contains(event.body.name())) message_names.emplace(event.body.name());
}

void memory_store::sort_by_flow() {
  // Each has a count of its own: want of memory may end this in the middle.
  for (; in_instances < events.size(); ++in_instances)
    if (const auto id = events[in_instances].origin.instance)
      instances[id].push_back(in_instances + 1);
  for (; in_correlations < events.size(); ++in_correlations)
    if (const auto id = events[in_correlations].origin.correlation)
      correlations[id].push_back(in_correlations + 1);
}

std::optional<std::string> memory_store::row(const std::string& book,
                                             const std::string& key) const {
  const auto rows = books.find(book);
  if (rows == books.end()) return std::nullopt;
  const auto at = rows->second.find(key);
  return at == rows->second.end() ? std::nullopt : std::optional(at->second);
}

void memory_store::change(const book_change& change) {
  if (change.value) {
    books[change.book][change.key] = *change.value;
  } else if (const auto book = books.find(change.book); book != books.end()) {
    book->second.erase(change.key);
  }
}

std::unique_ptr<journal> make_memory_journal(type_lookup types) {
  return std::make_unique<memory_journal>(std::move(types));
}

} // namespace ensemble::storage
