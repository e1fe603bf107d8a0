#include "crash/journal_life.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace crash {

using namespace ensemble;

namespace {

using status = append_result::status;

// Makes requests, knowing what each will come to.
class drawn_requests {
public:
  explicit drawn_requests(std::uint64_t seed) : random_(seed) {}

  struct expected {
    append_request request{};
    status state = status::appended;
  };

  expected next() {
    switch (below(8)) {
    case 0:
      if (!earlier_.empty()) return {earlier_[below(earlier_.size())], status::repeated};
      break;
    case 1:
      if (!lengths_.empty()) return conflict();
      break;
    case 2: return {change_of_a_book(), status::appended};
    default: break;
    }
    auto made = events();
    earlier_.push_back(made);
    return {std::move(made), status::appended};
  }

private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  new_event event(std::uint32_t index) {
    new_event made;
    made.id = event_id::of(number_, 1 + index);
    made.index = index;
    made.last = false;
    made.origin.correlation = correlation_id::of(number_, 7);
    if (below(2) == 0) made.origin.instance = instance_id::of(1 + below(5), 1);
    made.body = message::opaque("thing_happened", 1,
                                "{\"pad\":\"" +
                                    std::string(below(8) == 0 ? below(9000) : below(300),
                                                static_cast<char>('a' + number_ % 26)) +
                                    "\"}");
    return made;
  }

  append_request events() {
    append_request made;
    ++number_;
    std::uint32_t index = 0;
    const auto streams = 1 + below(3);
    for (std::uint64_t s = 0; s < streams; ++s) {
      const auto name = s == 0 && below(3) == 0 ? "new-" + std::to_string(number_)
                                                : "s-" + std::to_string((number_ + s) % 5);
      stream_append part{name, expected_version::exactly(lengths_[name]), {}};
      if (below(2) == 0) part.expected = expected_version::any();
      const auto count = s > 0 && below(4) == 0 ? 0 : 1 + below(3);
      for (std::uint64_t n = 0; n < count; ++n) part.events.push_back(event(index++));
      if (part.events.empty()) part.expected = expected_version::exactly(lengths_[name]);
      lengths_[name] += count;
      made.streams.push_back(std::move(part));
    }
    const auto with_events =
        std::find_if(made.streams.rbegin(), made.streams.rend(),
                     [](const stream_append& part) { return !part.events.empty(); });
    with_events->events.back().last = true;
    head_ += index;
    made.books.push_back({"count", "n", std::to_string(head_)});
    return made;
  }

  expected conflict() {
    const auto& [name, length] = *lengths_.begin();
    ++number_;
    append_request made;
    made.streams.push_back({name, expected_version::exactly(length + 1), {event(0)}});
    made.streams.front().events.front().last = true;
    made.books.push_back({"count", "n", "never"});
    return {std::move(made), status::conflict};
  }

  append_request change_of_a_book() {
    append_request made;
    const auto key = "row" + std::to_string(below(6));
    if (below(3) == 0)
      made.books.push_back({"other", key, std::nullopt});
    else
      made.books.push_back({"other", key, std::string(below(2000), 'v')});
    return made;
  }

  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  std::uint64_t head_ = 0;
  std::map<std::string, std::uint64_t> lengths_;
  std::vector<append_request> earlier_;
};

} // namespace

life_result live_as_journal(const life_options& options, std::uint64_t seed) {
  constexpr int lives = 3;
  constexpr int commits = 14;
  life_result result;
  drawn_requests requests(seed);
  journal_options opening;
  opening.path = options.journal;
  opening.durability = options.durability;
  opening.headroom = 0;
  try {
    for (int life = 0; life < lives; ++life) {
      const auto own = open_with_short_log(opening);
      const auto reader = own->open_reader();
      for (int n = 0; n < commits; ++n) {
        std::vector<append_request> batch;
        std::vector<status> expected;
        for (int i = 0; i <= n % 3; ++i) {
          auto [request, state] = requests.next();
          batch.push_back(std::move(request));
          expected.push_back(state);
        }
        const auto from = reader->head();
        const auto answers = own->commit(batch, timestamp(std::chrono::nanoseconds(1)));
        own->sync(); // where that is a step of its own
        for (std::size_t i = 0; i < answers.size(); ++i)
          if (answers[i].state != expected[i])
            result.wrong.push_back("request " + std::to_string(i) + " of commit " +
                                   std::to_string(n) + " came to something else");
        const auto when = options.operations();
        for (const auto& e : reader->read_all({from.value + 1}))
          if (!options.shown->show(e, when)) result.wrong.emplace_back("an event has changed");
        ++result.ended;
      }
    }
  } catch (const error& why) {
    const bool storage = why.code() == errc::journal_failed || why.code() == errc::journal_full;
    if (storage)
      result.failed = why.what();
    else
      result.wrong.emplace_back(why.what());
  }
  return result;
}

findings verify_count(journal_reader& reader) {
  const auto head = std::to_string(reader.head().value);
  const auto rows = reader.read_book("count");
  const auto counted = rows.empty() ? "0" : rows.front().value;
  if (counted == head) return {};
  return {"the book counts " + counted + " events, the journal has " + head};
}

} // namespace crash
