#include "model/structural_copy.hpp"

#include "model/planted_bug.hpp"

namespace ensemble {

namespace {

request_definition without_function(const request_definition& request) {
  if (!request) return {};
  auto empty =
      message::opaque(std::string(request.command->name), request.command->schema_version, "{}");
  return {request.service, request.command,
          [empty = std::move(empty)](const std::any&) { return empty; }};
}

outcome_definition without_fold(const outcome_definition& outcome) { return {outcome.event, {}}; }

std::vector<outcome_definition> without_folds(const std::vector<outcome_definition>& outcomes) {
  std::vector<outcome_definition> copies;
  for (const auto& o : outcomes) copies.push_back(without_fold(o));
  return copies;
}

awaited_definition without_keys(const awaited_definition& awaited) {
  return {without_fold(awaited.outcome), [](const message&) { return std::string("key"); },
          [](const std::any&) { return std::string("key"); }, awaited.success};
}

retry_policy one_attempt(retry_policy policy) {
  policy.attempts = 1;
  return policy;
}

step_definition structural_step(const step_definition& s, condition_answers& answers) {
  step_definition copy;
  copy.name = s.name;
  copy.after = s.after;
  if (s.only_if) copy.only_if = [&answers](const std::any&) { return answers.answer(); };
  if (ENSEMBLE_PLANTED(check_calls_conditions)) copy.only_if = s.only_if;
  copy.delay = s.delay;
  copy.ask = without_function(s.ask);
  for (const auto& awaited : s.awaited) copy.awaited.push_back(without_keys(awaited));
  copy.successes = without_folds(s.successes);
  copy.failures = without_folds(s.failures);
  copy.undo = without_function(s.undo);
  copy.undone = without_fold(s.undone);
  copy.needs_no_undo = s.needs_no_undo;
  copy.pivot = s.pivot;
  copy.within = s.within;
  copy.retries = one_attempt(s.retries);
  return copy;
}

} // namespace

void condition_answers::restart() {
  told_.clear();
  given_.clear();
}

bool condition_answers::another() {
  if (ENSEMBLE_PLANTED(condition_one_way)) return false;
  told_ = std::move(given_);
  given_.clear();
  while (!told_.empty() && !told_.back()) told_.pop_back();
  if (told_.empty()) return false;
  told_.back() = false;
  return true;
}

bool condition_answers::answer() {
  const auto n = given_.size();
  given_.push_back(n >= told_.size() || told_[n]);
  return given_.back();
}

std::shared_ptr<const process_definition> structural_copy(const process_definition& p,
                                                          condition_answers& answers) {
  auto copy = std::make_shared<process_definition>();
  copy->name = p.name;
  copy->owner = p.owner;
  copy->version = p.version;
  copy->deadline = p.deadline;
  copy->initial = [] { return std::any(); };
  copy->start = without_fold(p.start);
  for (const auto& s : p.steps) copy->steps.push_back(structural_step(s, answers));
  copy->complete = without_function(p.complete);
  copy->completed = without_fold(p.completed);
  copy->abort = without_function(p.abort);
  copy->aborted = without_fold(p.aborted);
  copy->retries = one_attempt(p.retries);
  return copy;
}

} // namespace ensemble
