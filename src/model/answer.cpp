#include "model/answer.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"

namespace ensemble {

namespace {

const outcome_definition* declared(const std::vector<outcome_definition>& outcomes,
                                   std::string_view name) {
  for (const auto& o : outcomes)
    if (o.event->name == name) return &o;
  return nullptr;
}

answer undeclared(const recorded_event& e) {
  if (e.body.is<engine::command_voided>()) return {answer::kind::voided, "voided", nullptr};
  if (const auto* rejected = e.body.get_if<engine::command_rejected>())
    return {ENSEMBLE_PLANTED(rejection_is_success) ? answer::kind::success : answer::kind::failure,
            "refused: " + rejected->reason, nullptr};
  if (!e.last) return {};
  return {answer::kind::failure,
          "answered with '" + std::string(e.body.name()) + "', which is not declared", nullptr};
}

} // namespace

answer read_answer(const step_definition& s, const recorded_event& e) {
  const auto name = e.body.name();
  if (const auto* o = declared(s.successes, name)) return {answer::kind::success, {}, o};
  if (const auto* o = declared(s.failures, name))
    return {answer::kind::failure, "answered with '" + std::string(name) + "'", o};
  if (e.body.is<engine::command_acknowledged>() && e.last &&
      (s.successes.empty() || ENSEMBLE_PLANTED(acknowledged_is_success)))
    return {answer::kind::success, {}, nullptr};
  return undeclared(e);
}

answer read_answer(const outcome_definition& expected, const recorded_event& e) {
  if (expected.event && expected.event->name == e.body.name())
    return {answer::kind::success, {}, &expected};
  return undeclared(e);
}

} // namespace ensemble
