#include "journal/append_rules.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>
#include <string>

namespace ensemble::storage {

namespace {

[[noreturn]] void refuse(std::string_view stream, const std::string& why) {
  throw error(errc::bad_argument, "append to stream '" + std::string(stream) + "': " + why);
}

std::optional<append_result> repeated(append_store& store, const stream_append& first,
                                      const stream_state& state) {
  if (state.length == 0 || ENSEMBLE_PLANTED(repeat_not_found)) return std::nullopt;
  const auto earlier = store.find(state, first.events.front().id);
  if (!earlier) return std::nullopt;
  return append_result{append_result::status::repeated, *earlier, store.end_of_run(*earlier), {}};
}

std::vector<std::uint64_t> lengths_of(const std::vector<stream_state*>& states) {
  std::vector<std::uint64_t> lengths;
  lengths.reserve(states.size());
  for (const auto* state : states) lengths.push_back(state->length);
  return lengths;
}

bool lengths_fit(const append_request& request, const std::vector<stream_state*>& states) {
  if (ENSEMBLE_PLANTED(expected_version_ignored)) return true;
  for (std::size_t i = 0; i < states.size(); ++i) {
    auto length = states[i]->length;
    // A request may name a stream twice: the second part stands behind the first.
    for (std::size_t j = 0; j < i; ++j)
      if (states[j] == states[i]) length += request.streams[j].events.size();
    if (!request.streams[i].expected.fits(length)) return false;
  }
  return true;
}

bool rows_fit(append_store& store, const append_request& request) {
  if (ENSEMBLE_PLANTED(expected_row_ignored)) return true;
  return std::ranges::all_of(request.expected_rows, [&](const book_expectation& e) {
    return store.row(e.book, e.key) == e.value;
  });
}

bool fits_into(space room, const append_request& request) {
  const bool writes = !request.streams.empty() || !request.books.empty();
  return !writes || room == space::ample || (room == space::scarce && request.essential);
}

append_result no_space() { return {append_result::status::no_space, {}, {}, {}}; }
append_result fenced() { return {append_result::status::fenced, {}, {}, {}}; }

append_result apply_one(append_store& store, const append_request& request, space room) {
  append_result result;
  if (!request.streams.empty()) {
    std::vector<stream_state*> states;
    states.reserve(request.streams.size());
    for (const auto& part : request.streams) states.push_back(&store.stream(part.stream));
    if (auto earlier = repeated(store, request.streams.front(), *states.front())) {
      earlier->lengths = lengths_of(states);
      return *earlier;
    }
    if (!rows_fit(store, request)) return fenced();
    if (!lengths_fit(request, states)) {
      result.state = append_result::status::conflict;
      result.lengths = lengths_of(states);
      if (ENSEMBLE_PLANTED(refused_append_recorded))
        (void)store.append(request.streams[0].stream, *states[0], request.streams[0].events[0]);
      return result;
    }
    if (!fits_into(room, request)) return no_space();
    const auto written = ENSEMBLE_PLANTED(half_a_request) ? std::size_t{1} : states.size();
    for (std::size_t i = 0; i < written; ++i) {
      const auto& part = request.streams[i];
      for (const auto& event : part.events) {
        result.last = store.append(part.stream, *states[i], event);
        if (result.first == position{}) result.first = result.last;
      }
    }
    result.time = store.time();
    result.lengths = lengths_of(states);
  } else if (!rows_fit(store, request)) {
    return fenced();
  }
  if (!fits_into(room, request)) return no_space();
  for (const auto& change : request.books) store.change(change);
  return result;
}

} // namespace

bool continues_run(std::uint32_t index, std::uint32_t next_index) noexcept {
  return next_index == index + 1;
}

void check_request(const append_request& request) {
  for (const auto& change : request.books)
    if (change.key.empty())
      throw error(errc::bad_argument, "book '" + change.book + "': a row needs a key");
  for (const auto& expected : request.expected_rows)
    if (expected.key.empty())
      throw error(errc::bad_argument, "book '" + expected.book + "': a row needs a key");
  const new_event* before = nullptr;
  for (const auto& part : request.streams) {
    if (part.stream.empty()) refuse(part.stream, "a stream needs a name");
    // By its first event a repeat is known; behind it a stream may be named for its version only.
    if (part.events.empty() && &part == &request.streams.front())
      refuse(part.stream, "there is no event to append");
    for (const auto& event : part.events) {
      if (!event.id) refuse(part.stream, "an event needs an id");
      if (event.body.empty()) refuse(part.stream, "an event needs a message");
      const bool inside_run = before != nullptr && !before->last;
      const bool fits = inside_run ? continues_run(before->index, event.index) : event.index == 0;
      if (!fits)
        refuse(part.stream, "event index " + std::to_string(event.index) +
                                " does not follow the event before it");
      before = &event;
    }
  }
  if (before != nullptr && !before->last)
    refuse(request.streams.back().stream, "the last event of a command is not marked as last");
}

std::vector<append_result> apply_requests(append_store& store,
                                          std::span<const append_request> requests, space room) {
  std::vector<append_result> results;
  results.reserve(requests.size());
  for (const auto& request : requests) results.push_back(apply_one(store, request, room));
  return results;
}

error duplicate_event(std::string_view stream, event_id id) {
  return {errc::bad_argument, "append to stream '" + std::string(stream) + "': event id " +
                                  to_string(id) +
                                  " is there already, but does not begin the request; give "
                                  "every event of a command an id of its own"};
}

} // namespace ensemble::storage
