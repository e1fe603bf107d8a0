#pragma once

#include <any>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

namespace detail {

/// The states of a command's entities, types erased, found by key. Refers to keys and states that
/// outlive it. The keys must pass check_keys.
class entity_states {
public:
  struct named_state {
    std::string_view key{};
    const std::any* state{};
  };
  explicit entity_states(std::vector<named_state> in_order);

  [[nodiscard]] std::size_t size() const noexcept { return in_order_.size(); }
  [[nodiscard]] const std::any& home() const { return *in_order_.front().state; }
  /// Throws errc::bad_argument for a key that is not among them.
  [[nodiscard]] const std::any& at(std::string_view key) const;

private:
  std::vector<named_state> in_order_;
  std::vector<std::size_t> by_key_; ///< places in in_order_, sorted by key
};

} // namespace detail

/// What a decider over several entities sees of them: the state of each, by its key. Valid during
/// the decision only.
template <class State>
class entities {
public:
  explicit entities(const detail::entity_states& states) : states_(states) {}

  /// The state of that entity. Throws errc::bad_argument for a key that the command does not name.
  [[nodiscard]] const State& at(std::string_view key) const { return of(states_.at(key)); }
  /// The state of the command's home, which is the entity of its first key.
  [[nodiscard]] const State& home() const { return of(states_.home()); }
  /// How many entities the command names.
  [[nodiscard]] std::size_t size() const noexcept { return states_.size(); }

private:
  static const State& of(const std::any& state) { return *std::any_cast<State>(&state); }
  const detail::entity_states& states_;
};

} // namespace ensemble
