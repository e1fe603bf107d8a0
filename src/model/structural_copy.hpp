#pragma once

#include <ensemble/process.hpp>

#include <memory>
#include <vector>

namespace ensemble {

/// Answers the conditions of a structural copy, one way after the other: run the same fold again
/// for as long as `another()`.
class condition_answers {
public:
  /// Forgets everything: the next fold gets `true` to every question.
  void restart();
  /// Prepares the next combination of answers; false when all have been given.
  bool another();
  /// What a condition of the copy returns.
  bool answer();

private:
  std::vector<bool> told_{};
  std::vector<bool> given_{};
};

/// The same process without its functions: requests make messages without content, folds do
/// nothing, conditions are answered by `answers`, which must outlive the copy. One attempt of
/// everything, since further ones repeat the first. `p` must have passed `validate_parts`, and its
/// requests and outcomes must have their types.
[[nodiscard]] std::shared_ptr<const process_definition> structural_copy(const process_definition& p,
                                                                        condition_answers& answers);

} // namespace ensemble
