#include <ensemble/flow_graph.hpp>

#include "trace/outside_cause.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace ensemble {

namespace {

flow_node node_of(const recorded_event& e) {
  return {std::string(category_of(e.stream)), std::string(e.body.name())};
}

flow_node others() { return {{}, "(others)"}; }

flow_reaction reaction_of(const recorded_event& e) {
  flow_reaction r;
  r.outcome = node_of(e);
  r.kind = kind_of(e);
  r.process = e.origin.instance.tail();
  r.step = e.origin.step;
  r.direction = e.origin.direction;
  return r;
}

constexpr std::size_t group_size = 8;

// `places`: a power of two.
std::size_t begin_of_group(event_id id, std::size_t places) {
  return std::hash<event_id>{}(id) & (places - group_size);
}

} // namespace

std::uint64_t process_number(std::string_view process) noexcept {
  return make_instance_id({}, process).tail();
}

std::optional<recorded_event> find_cause(journal_reader& journal, const recorded_event& outcome) {
  if (auto outside = trace::outside_cause(journal, outcome)) return outside;
  for (position after{};;) {
    auto page = journal.read_correlation(outcome.origin.correlation, after);
    for (auto& e : page) {
      if (e.position >= outcome.position) return std::nullopt;
      if (e.id == outcome.origin.causation) return std::move(e);
    }
    if (page.empty()) return std::nullopt;
    after = page.back().position;
  }
}

flow_graph::flow_graph(journal_reader& journal, std::size_t remembered) : remembered_(remembered) {
  const auto look_up = [&](const recorded_event& e) { return find_cause(journal, e); };
  for (const auto head = journal.head(); last_ < head;) {
    const auto page = journal.read_all({last_.value + 1});
    if (page.empty()) return;
    for (const auto& e : page)
      if (e.position <= head) add(e, look_up);
  }
}

void flow_graph::add(const recorded_event& event, const cause_lookup& look_up) {
  if (event.position <= last_) return;
  const auto outcome = number_of(event);
  const auto kind = kind_of(event);
  const auto* known = remembered(event.origin.causation);
  const bool from_outside = kind == cause_kind::caller || kind == cause_kind::operator_word;
  if (!from_outside && known != nullptr && outcome) {
    const auto span = event.time - known->time;
    const auto& origin = event.origin;
    const auto short_cut = short_cuts_.known.find(short_cuts::key_of<std::string_view>{
        known->node, *outcome, kind, origin.instance.tail(), origin.direction, origin.step});
    if (short_cut != short_cuts_.known.end()) {
      remember({event.id, event.time, *outcome});
      count(event, *short_cut->second, span);
      return;
    }
  }
  auto reaction = reaction_of(event);
  std::optional<duration> span;
  std::optional<short_cuts::key> short_cut;
  if (kind == cause_kind::caller) {
    reaction.cause.event = "caller";
  } else if (kind == cause_kind::operator_word) {
    reaction.cause.event = "operator";
  } else if (known != nullptr) {
    reaction.cause = nodes_[known->node];
    span = event.time - known->time;
    if (outcome)
      short_cut = {known->node,      *outcome,           kind,
                   reaction.process, reaction.direction, reaction.step};
  } else if (const auto found = look_up && event.origin.causation ? look_up(event) : std::nullopt) {
    reaction.cause = node_of(*found);
    span = event.time - found->time;
  } else {
    reaction.cause.event = "unexplained";
    reaction.kind = cause_kind::unexplained;
  }
  if (outcome) remember({event.id, event.time, *outcome});
  auto& counted = slot(std::move(reaction));
  if (short_cut && short_cuts_.known.size() < most_reactions)
    short_cuts_.known.emplace(std::move(*short_cut), &counted);
  count(event, counted, span);
}

void flow_graph::count(const recorded_event& event, flow_count& at, std::optional<duration> span) {
  if (at.count++ == 0) at.first = event.position;
  if (span) at.spans.add(*span);
  ++events_;
  last_ = event.position;
}

flow_count& flow_graph::slot(flow_reaction reaction) {
  if (const auto at = reactions_.find(reaction); at != reactions_.end()) return at->second;
  if (reactions_.size() >= most_reactions) {
    flow_reaction other;
    other.cause = others();
    other.outcome = others();
    other.kind = reaction.kind;
    reaction = std::move(other);
  }
  return reactions_[std::move(reaction)];
}

// None: there are too many; what such events cause is looked up.
std::optional<std::uint32_t> flow_graph::number_of(const recorded_event& event) {
  struct {
    std::string_view service, event;
  } const names{category_of(event.stream), event.body.name()};
  if (const auto at = node_numbers_.find(names); at != node_numbers_.end()) return at->second;
  if (nodes_.size() >= most_reactions) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node_of(event));
  node_numbers_.emplace(nodes_.back(), number);
  return number;
}

const flow_graph::possible_cause* flow_graph::remembered(event_id id) const noexcept {
  if (causes_.empty() || !id) return nullptr;
  const auto group = std::span(causes_).subspan(begin_of_group(id, causes_.size()), group_size);
  const auto at = std::ranges::find(group, id, &possible_cause::id);
  return at == group.end() ? nullptr : &*at;
}

void flow_graph::remember(const possible_cause& event) {
  if (remembered_ == 0) return;
  if (causes_.empty()) remember_more();
  for (;; remember_more()) {
    const auto group =
        std::span(causes_).subspan(begin_of_group(event.id, causes_.size()), group_size);
    auto at = std::ranges::find(group, event.id, &possible_cause::id); // in another stream
    if (at == group.end()) at = std::ranges::find(group, event_id{}, &possible_cause::id);
    if (at == group.end()) {
      if (causes_.size() < remembered_) continue;
      at = std::ranges::min_element(group, {}, &possible_cause::time);
    }
    *at = event;
    return;
  }
}

void flow_graph::remember_more() {
  const auto before =
      std::exchange(causes_, std::vector<possible_cause>(std::max(group_size, 2 * causes_.size())));
  for (const auto& one : before)
    if (one.id) remember(one);
}

void flow_graph::merge(const flow_graph& other) {
  for (const auto& [reaction, counted] : other.reactions_) {
    auto& here = slot(reaction);
    here.first = here.count == 0 ? counted.first : std::min(here.first, counted.first);
    here.count += counted.count;
    here.spans.merge(counted.spans);
  }
  events_ += other.events_;
  last_ = std::max(last_, other.last_);
  names_.insert(other.names_.begin(), other.names_.end());
}

std::uint64_t flow_graph::unexplained() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [reaction, counted] : reactions_)
    if (reaction.kind == cause_kind::unexplained) sum += counted.count;
  return sum;
}

} // namespace ensemble
