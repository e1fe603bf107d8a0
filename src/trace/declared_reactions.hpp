#pragma once

#include <ensemble/conformance.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace ensemble::trace {

/// Which reactions the definitions and services declare.
class declared_reactions {
public:
  /// `options` must outlive it.
  explicit declared_reactions(const conformance_options& options) : options_(options) {}

  /// Why nothing declares the reaction; empty: something does.
  [[nodiscard]] std::string why_undeclared(const flow_reaction& reaction) const;
  /// The name of its process, if a definition of it was given.
  [[nodiscard]] std::string process_of(const flow_reaction& reaction) const;

private:
  using names = std::set<std::string_view>;

  [[nodiscard]] std::string why_not_of_a_process(const flow_reaction& r) const;
  [[nodiscard]] std::string why_not_decided(const flow_reaction& r) const;
  [[nodiscard]] std::string why_not_reacted(const flow_reaction& r) const;
  [[nodiscard]] std::string why_not_noted(const process_definition& p,
                                          const flow_reaction& r) const;
  [[nodiscard]] std::string why_not_asked(const process_definition& p,
                                          const flow_reaction& r) const;
  /// What may be recorded in answer to that command.
  [[nodiscard]] names answers(const process_definition& p, std::string_view step,
                              direction d) const;
  /// After which events the step may be asked.
  [[nodiscard]] names causes_of(const process_definition& p, std::size_t step) const;
  void add_causes(const process_definition& p, std::size_t step, names& causes) const;
  /// Every event that may move an instance.
  [[nodiscard]] names folded(const process_definition& p) const;
  [[nodiscard]] const service_definition* service(std::string_view name) const;

  const conformance_options& options_;
};

} // namespace ensemble::trace
