#include "journal/memory_store.hpp"
#include "journal/stored_message.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

namespace ensemble::storage {

namespace {

class memory_reader final : public journal_reader {
public:
  memory_reader(memory_store& store, type_lookup types) : store_(store), types_(std::move(types)) {}

  position head() override {
    const std::shared_lock lock(store_.mutex);
    return {store_.events.size()};
  }

  std::vector<recorded_event> read_all(position from, std::size_t limit) override {
    const std::shared_lock lock(store_.mutex);
    std::vector<recorded_event> found;
    const auto begin = std::max<std::uint64_t>(from.value, 1);
    for (auto p = begin; p <= store_.events.size() && found.size() < limit; ++p)
      found.push_back(event(p));
    return found;
  }

  std::vector<recorded_event> read_stream(std::string_view stream, stream_version from,
                                          std::size_t limit) override {
    const std::shared_lock lock(store_.mutex);
    const auto number = store_.find_stream(stream);
    if (number == 0) return {};
    const auto& all = store_.streams[static_cast<std::size_t>(number - 1)];
    const auto skipped = std::min<std::uint64_t>(from.value, all.size());
    return take(all, all.begin() + static_cast<std::ptrdiff_t>(skipped), limit);
  }

  std::vector<recorded_event> read_instance(instance_id instance, position after,
                                            std::size_t limit) override {
    const std::unique_lock lock(store_.mutex);
    return behind(store_.instances, instance, after, limit);
  }

  std::vector<recorded_event> read_correlation(correlation_id correlation, position after,
                                               std::size_t limit) override {
    const std::unique_lock lock(store_.mutex);
    return behind(store_.correlations, correlation, after, limit);
  }

  std::optional<recorded_event> find(std::string_view stream, event_id id) override {
    const std::shared_lock lock(store_.mutex);
    const auto number = store_.find_stream(stream);
    if (number == 0) return std::nullopt;
    const auto found = store_.find_event(number, id);
    if (found == 0) return std::nullopt;
    return event(found);
  }

  std::vector<std::string> stream_names(std::string_view category, std::string_view after,
                                        std::size_t limit) override {
    const std::shared_lock lock(store_.mutex);
    const auto prefix = std::string(category) + '-';
    std::set<std::string_view> first; // of those in question; the others need not be sorted
    const auto streams = static_cast<std::int64_t>(store_.streams.size());
    for (std::int64_t number = 1; number <= streams; ++number) {
      const std::string_view name = store_.name_of(number);
      if (!name.starts_with(prefix) || name <= after) continue;
      first.insert(name);
      if (first.size() > limit) first.erase(std::prev(first.end()));
    }
    return {first.begin(), first.end()};
  }

  std::vector<std::string> message_names() override {
    const std::shared_lock lock(store_.mutex);
    return {store_.message_names.begin(), store_.message_names.end()};
  }

  std::vector<book_row> read_book(std::string_view book, std::string_view after_key,
                                  std::size_t limit) override {
    const std::shared_lock lock(store_.mutex);
    const auto found = store_.books.find(book);
    if (found == store_.books.end()) return {};
    std::vector<book_row> rows;
    const auto& all = found->second;
    for (auto at = all.upper_bound(after_key); at != all.end() && rows.size() < limit; ++at)
      rows.push_back({at->first, at->second});
    return rows;
  }

  // Memory has no storage faults to find: its rules are kept by construction.
  std::uint64_t verify(const std::function<void(const std::string&)>&) override {
    return head().value;
  }

private:
  recorded_event event(std::uint64_t at) const {
    auto found = store_.events[at - 1];
    // One that was appended untyped is given its type, as by a journal that stores texts.
    if (found.body.type() == nullptr) {
      found.body = stored_message(types_, found.body.name(), found.body.schema_version(),
                                  found.body.text(), found.position, found.stream, found.version);
    }
    return found;
  }

  std::vector<recorded_event> take(const positions& all, positions::const_iterator from,
                                   std::size_t limit) const {
    std::vector<recorded_event> found;
    for (; from != all.end() && found.size() < limit; ++from) found.push_back(event(*from));
    return found;
  }

  template <class Index, class Id>
  std::vector<recorded_event> behind(const Index& index, const Id& id, position after,
                                     std::size_t limit) const {
    store_.sort_by_flow();
    const auto all = index.find(id);
    if (all == index.end()) return {};
    return take(all->second, std::ranges::upper_bound(all->second, after.value), limit);
  }

  memory_store& store_;
  type_lookup types_;
};

} // namespace

std::unique_ptr<journal_reader> make_memory_reader(memory_store& store, const type_lookup& types) {
  return std::make_unique<memory_reader>(store, types);
}

} // namespace ensemble::storage
