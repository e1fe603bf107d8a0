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
      if (const auto known = store_.stream_numbers.find(name);
          known != store_.stream_numbers.end()) {
        at->second = {known->second,
                      store_.streams[static_cast<std::size_t>(known->second - 1)].size()};
      }
    }
    return at->second;
  }

  std::optional<position> find(const stream_state& stream, event_id id) override {
    const stream_event key{stream.number, id};
    if (const auto at = store_.ids.find(key); at != store_.ids.end()) return position{at->second};
    if (const auto at = ids_.find(key); at != ids_.end()) return position{at->second};
    return std::nullopt;
  }

  position end_of_run(position first) override {
    auto end = first;
    while (!event(end).last && end.value < head() &&
           continues_run(event(end).index, event({end.value + 1}).index))
      ++end.value;
    return end;
  }

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

  const memory_store& store_;
  timestamp time_;
  std::unordered_map<std::string, stream_state> streams_;
  std::size_t new_streams_ = 0;
  memory_store::stream_ids ids_;
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

void memory_store::record(recorded_event event, std::int64_t stream) {
  const auto at = event.position.value;
  const auto place = static_cast<std::size_t>(stream - 1);
  if (place == streams.size()) {
    streams.emplace_back();
    stream_numbers.emplace(event.stream, stream);
  }
  streams[place].push_back(at);
  ids.emplace(stream_event{stream, event.id}, at);
  if (!message_names.contains(event.body.name())) message_names.emplace(event.body.name());
  events.push_back(std::move(event));
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
