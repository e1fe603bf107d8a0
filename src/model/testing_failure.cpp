#include "model/testing_failure.hpp"

#include <ensemble/testing.hpp>

#include <mutex>

namespace ensemble {
namespace {

struct installed_handler {
  std::mutex mutex{};
  test_failure_handler handler{};
};

installed_handler& installed() {
  static installed_handler one;
  return one;
}

} // namespace

void set_test_failure_handler(test_failure_handler handler) {
  auto& [mutex, current] = installed();
  const std::lock_guard lock(mutex);
  current = std::move(handler);
}

namespace detail {

void fail_test(const std::string& text, const char* file, int line) {
  test_failure_handler handler;
  {
    auto& [mutex, current] = installed();
    const std::lock_guard lock(mutex);
    handler = current; // called without the lock: it may install another one
  }
  if (!handler) throw test_failure(std::string(file) + ":" + std::to_string(line) + ": " + text);
  handler(text, file, line);
}

} // namespace detail
} // namespace ensemble
