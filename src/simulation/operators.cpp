#include "simulation/operators.hpp"

#include "model/engine_messages.hpp"

#include <algorithm>
#include <utility>

namespace ensemble::simulation {

namespace {

std::string text_of(position at) { return std::to_string(at.value); }

std::string reason_of(std::size_t number) { return "word " + std::to_string(number); }

/// The reason of an operator's word; null for any other event.
const std::string* reason_in(const message& body) {
  if (const auto* retry = body.get_if<engine::retry_requested>()) return &retry->reason;
  if (const auto* skip = body.get_if<engine::skip_requested>()) return &skip->reason;
  if (const auto* abort = body.get_if<engine::abort_requested>()) return &abort->reason;
  return nullptr;
}

} // namespace

operators::operators(std::uint64_t seed, const scenario& of)
    : chance_(seed), may_skip_(of.may_be_skipped) {
  for (const auto& p : of.processes)
    for (const auto& s : p.steps) steps_.push_back(s.name);
}

void operators::noticed(instance_id instance) {
  if (instance && std::ranges::find(noticed_, instance) == noticed_.end())
    noticed_.push_back(instance);
}

void operators::act(runtime& to) {
  if (!words_.empty() && chance_.in_thousand(300)) {
    give(chance_.below(words_.size()), to);
    return;
  }
  words_.push_back({.word = draw()});
  give(words_.size() - 1, to);
}

// Of the latest instances: the others have ended.
operator_word operators::draw() {
  operator_word word;
  const auto latest = std::min<std::size_t>(noticed_.size(), 5);
  word.instance = noticed_[noticed_.size() - 1 - chance_.below(latest)];
  word.reason = reason_of(words_.size());
  word.idempotency_key = "operator-" + std::to_string(words_.size());
  const auto part = chance_.below(10);
  if (part < 3)
    word.verb = operator_verb::abort;
  else if (part < 7 && may_skip_)
    draw_skip(word);
  return word;
}

void operators::draw_skip(operator_word& word) {
  word.verb = operator_verb::skip;
  if (chance_.in_thousand(100))
    word.direction = direction::complete;
  else
    word.step = steps_[chance_.below(steps_.size())];
}

void operators::give(std::size_t number, runtime& to) {
  const bool known = !words_[number].told.empty();
  try {
    to.operate(words_[number].word,
               [this, number, known](const operator_answer* answer, const error* failure) {
                 auto& w = words_[number];
                 if (failure)
                   w.unanswered = true;
                 else if (answer->recorded.value > 0)
                   w.told.insert(answer->recorded);
                 else
                   w.forgotten = w.forgotten || known;
               });
  } catch (const error&) {
    words_[number].unanswered = true;
  }
}

void operators::take(const recorded_event& event) {
  const auto* reason = reason_in(event.body);
  if (!reason) return;
  for (auto& w : words_)
    if (w.word.reason == *reason) w.found.push_back(event.position);
}

// Rule 18: a word under one key is recorded once at most, and stands where its giver was told.
void operators::finish(const tell_violation& tell) const {
  for (const auto& w : words_) {
    const auto name = "rule 18: operator's " + w.word.reason + " (" +
                      std::string(to_string(w.word.verb)) + " of " + to_string(w.word.instance) +
                      ")";
    if (w.found.size() > 1)
      tell(name + " is recorded " + std::to_string(w.found.size()) + " times, at " +
           text_of(w.found[0]) + " and " + text_of(w.found[1]));
    for (const auto at : w.told)
      if (std::ranges::find(w.found, at) == w.found.end())
        tell(name + " does not stand at " + text_of(at) + ", as was told");
    if (w.forgotten) tell(name + " was recorded, and is not known when it is given again");
    if (!w.found.empty() && w.told.empty() && !w.unanswered)
      tell(name + " stands at " + text_of(w.found[0]) + ", and was told to be refused");
  }
}

} // namespace ensemble::simulation
