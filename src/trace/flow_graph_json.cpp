#include <ensemble/flow_graph.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

// The form is kept in journals' books: what is read here may have been written by an older program.

namespace ensemble {

namespace {

using nlohmann::json;

constexpr int form = 1;
constexpr std::size_t most_buckets = 2048;

constexpr std::array kinds{cause_kind::caller,     cause_kind::process, cause_kind::policy,
                           cause_kind::engine,     cause_kind::outside, cause_kind::operator_word,
                           cause_kind::unexplained};

[[noreturn]] void refuse(const std::string& why) {
  throw error(errc::bad_message, "a stored flow graph: " + why + ": mine it anew");
}

/// A whole number within the range of its field: the other library would round, wrap, or worse.
template <class Number>
Number read_number(const json& from) {
  const bool fits = from.is_number_unsigned() ? std::in_range<Number>(from.get<std::uint64_t>())
                                              : from.is_number_integer() &&
                                                    std::in_range<Number>(from.get<std::int64_t>());
  if (!fits) refuse("a number does not fit its field");
  return from.get<Number>();
}

json buckets_of(const span_histogram& spans) {
  auto pairs = json::array(); // most are empty
  const auto& all = spans.buckets();
  for (std::size_t b = 0; b < all.size(); ++b)
    if (all[b] != 0) pairs.push_back({b, all[b]});
  return pairs;
}

span_histogram read_spans(const json& from) {
  std::vector<std::uint64_t> buckets;
  for (const auto& pair : from.at("spans")) {
    const auto bucket = read_number<std::size_t>(pair.at(0));
    if (bucket >= most_buckets) refuse("bucket " + std::to_string(bucket) + " is out of range");
    if (buckets.size() <= bucket) buckets.resize(bucket + 1);
    buckets[bucket] = read_number<std::uint64_t>(pair.at(1));
  }
  return span_histogram::of(std::move(buckets),
                            duration(read_number<duration::rep>(from.at("max"))));
}

flow_reaction read_reaction(const json& from) {
  flow_reaction r;
  r.cause = {from.at("cause").at(0).get<std::string>(), from.at("cause").at(1).get<std::string>()};
  r.outcome = {from.at("outcome").at(0).get<std::string>(),
               from.at("outcome").at(1).get<std::string>()};
  const auto kind = from.at("kind").get<std::string>();
  const auto* known = std::ranges::find(kinds, kind, [](cause_kind k) { return to_string(k); });
  if (known == kinds.end()) refuse("kind '" + kind + "' is unknown");
  r.kind = *known;
  r.process = read_number<std::uint64_t>(from.at("process"));
  r.step = from.at("step").get<std::string>();
  const auto direction = read_number<unsigned>(from.at("direction"));
  if (direction > static_cast<unsigned>(direction::abort))
    refuse("direction " + std::to_string(direction) + " is unknown");
  r.direction = static_cast<ensemble::direction>(direction);
  return r;
}

} // namespace

std::string flow_graph::encode() const {
  json all{{"form", form}, {"last", last_.value}, {"events", events_}};
  auto& reactions = all["reactions"] = json::array();
  for (const auto& [r, counted] : reactions_)
    reactions.push_back({{"cause", {r.cause.service, r.cause.event}},
                         {"outcome", {r.outcome.service, r.outcome.event}},
                         {"kind", std::string(to_string(r.kind))},
                         {"process", r.process},
                         {"step", r.step},
                         {"direction", static_cast<unsigned>(r.direction)},
                         {"count", counted.count},
                         {"first", counted.first.value},
                         {"max", counted.spans.max().count()},
                         {"spans", buckets_of(counted.spans)}});
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

flow_graph flow_graph::decode(const std::string& text, std::size_t remembered) {
  flow_graph graph(remembered);
  try {
    const auto all = json::parse(text);
    if (read_number<int>(all.at("form")) != form) refuse("its form is unknown");
    graph.last_.value = read_number<std::uint64_t>(all.at("last"));
    graph.events_ = read_number<std::uint64_t>(all.at("events"));
    for (const auto& from : all.at("reactions")) {
      auto& counted = graph.reactions_[read_reaction(from)];
      counted.count = read_number<std::uint64_t>(from.at("count"));
      counted.first.value = read_number<std::uint64_t>(from.at("first"));
      counted.spans = read_spans(from);
    }
  } catch (const json::exception& e) {
    refuse(e.what());
  }
  std::uint64_t sum = 0;
  for (const auto& [reaction, counted] : graph.reactions_) sum += counted.count;
  if (sum != graph.events_) refuse("its counts do not add up");
  return graph;
}

} // namespace ensemble
