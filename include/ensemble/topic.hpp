#pragma once

#include <string>
#include <string_view>

namespace ensemble {

/// Which messages somebody wants to see, by their stored names: one message (`order_confirmed`),
/// all whose names begin alike (`payment_*`), or all (`*`). The engine's own messages belong to a
/// topic with a star only if its prefix begins with `ensemble.`.
class topic {
public:
  /// Throws errc::bad_argument for what is neither a message's name nor the beginning of one with a
  /// star behind it.
  explicit topic(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view message_name) const noexcept;
  /// True for one without a star.
  [[nodiscard]] bool exact() const noexcept { return exact_; }
  /// As it was written.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
  std::string name_;
  bool exact_;
};

} // namespace ensemble
