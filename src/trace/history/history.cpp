#include <ensemble/history.hpp>

#include "trace/history/append_history.hpp"
#include "trace/history/command_history.hpp"
#include "trace/history/effect_history.hpp"
#include "trace/history/subscription_check.hpp"

#include <ensemble/conformance.hpp>
#include <ensemble/mode_agreement.hpp>

#include <algorithm>
#include <optional>

namespace ensemble {

namespace trace {

// Not in an unnamed namespace: history_check::parts holds them, and may be compiled with others.

/// S2, S4 and S5, from the events alone.
class event_order {
public:
  explicit event_order(history_findings& found) : found_(found) {}

  void take(const recorded_event& e) {
    if (e.position.value != last_.position.value + 1)
      found_.add("S5",
                 "position " + std::to_string(e.position.value) + " follows " +
                     std::to_string(last_.position.value),
                 e.position);
    if (e.time < last_.time)
      found_.add("S5", "the time falls at position " + std::to_string(e.position.value),
                 e.position);
    auto& length = lengths_[e.stream];
    if (e.version.value != length)
      found_.add("S4",
                 "version " + std::to_string(e.version.value) + " of " + e.stream + " stands at " +
                     std::to_string(e.position.value) + ", where " + std::to_string(length) +
                     " belongs",
                 e.position);
    length = e.version.value + 1;
    hold_run(e);
    last_ = {e.position, e.time, e.command(), e.index, e.last};
  }
  void finish() {
    if (!last_.whole) torn();
  }
  [[nodiscard]] std::uint64_t events() const noexcept { return last_.position.value; }

private:
  void hold_run(const recorded_event& e) {
    const bool continues =
        e.index > 0 && e.index == last_.index + 1 && e.command() == last_.command && !last_.whole;
    if (!last_.whole && !continues)
      torn();
    else if (e.index > 0 && !continues)
      found_.add("S2",
                 "event " + std::to_string(e.index) + " of a command stands at " +
                     std::to_string(e.position.value) + ", without those before it",
                 e.position);
  }
  void torn() {
    found_.add("S2",
               "the outcome of a command is torn behind position " +
                   std::to_string(last_.position.value),
               last_.position);
  }

  struct seen {
    ensemble::position position{};
    timestamp time{};
    command_id command{};
    std::uint32_t index = 0;
    bool whole = true; ///< nothing of its command is to follow
  };

  history_findings& found_;
  seen last_{{}, timestamp::min(), {}, 0, true};
  std::unordered_map<std::string, std::uint64_t> lengths_{};
};

struct watched_subscription {
  const subscription_history* seen;
  std::vector<topic> topics{};
  concerned_events all{};

  void take(const recorded_event& e) {
    if (e.position < seen->from) return;
    if (std::ranges::any_of(topics, [&](const topic& t) { return t.matches(e.body.name()); }))
      all.emplace(e.position, seen->ordered_by == order_key::stream
                                  ? e.stream
                                  : to_string(e.origin.correlation));
  }
};

} // namespace trace

namespace {

void hold_processes(journal_reader& journal, const history_options& options,
                    history_report& report) {
  const auto held = conformance(journal, {options.processes, options.services});
  report.instances = held.instances;
  std::array<std::uint64_t, 3> told{};
  for (const auto& f : held.findings) {
    ++told[static_cast<std::size_t>(f.kind)];
    if (f.kind == conformance_kind::never_seen) continue;
    report.found.add(
        f.rule, f.instance ? "instance " + to_string(f.instance) + ": " + f.text : f.text, f.at);
  }
  using enum conformance_kind;
  const auto untold = [&](conformance_kind kind) {
    return held.count(kind) - told[static_cast<std::size_t>(kind)];
  };
  report.found.add_untold("S3", untold(undeclared_reaction));
  report.found.add_untold("G2", untold(outside_language));
  if (!options.quiet || held.open == 0) return;
  for (const auto id : held.open_examples)
    report.found.add("G1", "instance " + to_string(id) + " never ended", start_of(id));
  report.found.add_untold("G1", held.open - held.open_examples.size());
}

} // namespace

void history_findings::add(std::string rule, std::string text, position at) {
  // Of each rule: else the consequences of one fault would hide the others.
  if (++counts_[rule] <= kept) first_.push_back({std::move(rule), std::move(text), at});
}

void history_findings::add_untold(const std::string& rule, std::uint64_t count) {
  if (count != 0) counts_[rule] += count;
}

std::uint64_t history_findings::count(const std::string& rule) const {
  const auto known = counts_.find(rule);
  return known == counts_.end() ? 0 : known->second;
}

std::string history_report::text() const {
  std::string out = std::to_string(events) + " events, " + std::to_string(acknowledged) +
                    " acknowledged, " + std::to_string(unknown) + " of unknown outcome, " +
                    std::to_string(effects) + " effects, " + std::to_string(instances) +
                    " instances: " + (holds() ? "holds" : "BROKEN") + "\n";
  for (const auto& [rule, count] : found.counts())
    out += "  " + rule + " broken " + std::to_string(count) + " times\n";
  for (const auto& f : found.first()) out += "  ! " + f.rule + ": " + f.text + "\n";
  return out;
}

told_append told(append_result::status status) noexcept {
  switch (status) {
  case append_result::status::appended: return told_append::appended;
  case append_result::status::repeated: return told_append::repeated;
  case append_result::status::conflict: return told_append::conflict;
  case append_result::status::no_space: return told_append::no_space;
  case append_result::status::fenced: return told_append::fenced;
  }
  return told_append::nothing;
}

struct history_check::parts {
  parts(const history& told, const history_options& o)
      : options(o),
        order(report.found),
        appends(told.appends, report.found),
        commands(
            told.commands, o.complete,
            [this](const recorded_event& e) { return appends.asked_for(e); }, report.found),
        effects(told.ledgers, options.processes, options.services, report.found) {
    for (const auto& s : told.subscriptions) {
      watched.push_back({&s, {}, {}});
      for (const auto& name : s.topics) watched.back().topics.emplace_back(name);
    }
    for (const auto& c : told.commands) {
      const bool answered = c.answer == told_answer::ok || c.answer == told_answer::refused;
      report.acknowledged += answered ? 1 : 0;
      report.unknown += answered || c.answer == told_answer::turned_away ? 0 : 1;
    }
    for (const auto& a : told.appends) {
      report.acknowledged +=
          a.answer == told_append::appended || a.answer == told_append::repeated ? 1 : 0;
      report.unknown += a.answer == told_append::nothing ? 1 : 0;
    }
    report.effects = effects.entries();
  }

  history_options options;
  history_report report{};
  trace::event_order order;
  trace::append_history appends;
  trace::command_history commands;
  trace::effect_history effects;
  std::vector<trace::watched_subscription> watched{};
};

history_check::history_check(const history& told, const history_options& options)
    : parts_(std::make_unique<parts>(told, options)) {}

history_check::~history_check() = default;

void history_check::take(const recorded_event& e) {
  parts_->order.take(e);
  parts_->appends.take(e);
  parts_->commands.take(e);
  parts_->effects.take(e);
  for (auto& w : parts_->watched) w.take(e);
}

history_report history_check::finish() {
  auto& p = *parts_;
  p.order.finish();
  std::vector<trace::timed_operation> timed;
  p.appends.finish(timed);
  p.commands.finish(timed);
  trace::hold_real_time_order(std::move(timed), p.report.found);
  p.effects.finish(p.options.quiet);
  for (const auto& w : p.watched)
    trace::hold_subscription(*w.seen, w.all, p.options.quiet, p.report.found);
  p.report.events = p.order.events();
  return p.report;
}

history_report verify_history(journal_reader& journal, const history& told,
                              const history_options& options) {
  history_check check(told, options);
  const auto head = journal.head();
  position next{1};
  while (next <= head) {
    const auto page = journal.read_all(next);
    if (page.empty()) break;
    for (const auto& e : page)
      if (e.position <= head) check.take(e);
    next.value = page.back().position.value + 1;
  }
  auto report = check.finish();
  if (next <= head) report.found.add("S5", "the journal ends before its head", head);
  journal.verify([&](const std::string& fault) { report.found.add("S4", fault); });
  if (options.processes.empty()) return report;
  hold_processes(journal, options, report);
  if (!options.modes) return report;
  const auto modes = verify_modes(journal, options.processes);
  report.prefixes = modes.prefixes;
  for (const auto& difference : modes.first)
    report.found.add("G12", difference.text, difference.at);
  report.found.add_untold("G12", modes.disagreements - modes.first.size());
  return report;
}

} // namespace ensemble
