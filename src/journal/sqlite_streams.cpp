#include "journal/sqlite_streams.hpp"

#include <iterator>

namespace ensemble::storage {

namespace {

// About 10 MB: enough for what is under way, flat however many streams the file holds.
constexpr std::size_t most_entries = 1 << 13;

} // namespace

sqlite_streams::sqlite_streams(database& db)
    : newest_number_(db.number("SELECT max(number) FROM streams")),
      committed_number_(newest_number_),
      number_(db.prepare("SELECT number FROM streams WHERE name = ?1")),
      length_(db.prepare("SELECT version + 1 FROM events INDEXED BY events_by_version "
                         "WHERE stream = ?1 ORDER BY version DESC LIMIT 1")),
      insert_(db.prepare("INSERT INTO streams(number, name) VALUES(?1, ?2)")) {}

stream_state& sqlite_streams::get(std::string_view name) {
  bool fresh = false;
  auto& found = entries_.get(name, fresh);
  found.transaction = transaction_; // which drops it, where loading it fails
  if (fresh) found.state = load(name);
  return found.state;
}

stream_state sqlite_streams::load(std::string_view name) {
  const scoped_reset number_done(number_);
  if (!number_.bind(1, name).step()) return {};
  const auto number = number_.integer(0);
  const scoped_reset length_done(length_);
  if (!length_.bind(1, number).step()) return {number, 0};
  return {number, static_cast<std::uint64_t>(length_.integer(0))};
}

void sqlite_streams::create(std::string_view name, stream_state& state) {
  insert_.bind(1, newest_number_ + 1).bind(2, name).run();
  state.number = ++newest_number_;
}

void sqlite_streams::committed() {
  ++transaction_;
  committed_number_ = newest_number_;
  while (entries_.size() > most_entries) entries_.erase(std::prev(entries_.end()));
}

void sqlite_streams::rolled_back() {
  // All that the transaction asked for stands in front.
  while (!entries_.empty() && entries_.begin()->transaction == transaction_)
    entries_.erase(entries_.begin());
  ++transaction_;
  newest_number_ = committed_number_;
}

} // namespace ensemble::storage
