#pragma once

#include <functional>
#include <utility>

namespace ensemble::internal {

/// A callback that is called exactly once: with an answer, or else by its destructor, which gives
/// it to `otherwise` to tell it why there is none. An actor that dies drops what it had in hand and
/// what was under way to it; so nobody waits for ever for an answer that nobody is left to give.
/// Owned by one place at a time (or by a shared message).
template <class... Args>
class exactly_once {
public:
  using callback = std::function<void(Args...)>;

  exactly_once(callback told, std::function<void(const callback&)> otherwise)
      : callback_(std::move(told)), otherwise_(std::move(otherwise)) {}
  ~exactly_once() {
    if (callback_) otherwise_(callback_);
  }
  exactly_once(const exactly_once&) = delete;
  exactly_once& operator=(const exactly_once&) = delete;

  void operator()(Args... args) {
    if (const auto call = std::exchange(callback_, {})) call(args...);
  }

private:
  callback callback_;
  std::function<void(const callback&)> otherwise_;
};

} // namespace ensemble::internal
