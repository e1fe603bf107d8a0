#include "orders/driver/interrupt.hpp"

#include <csignal>

namespace orders {

namespace {
volatile std::sig_atomic_t raised = 0; // all that a signal handler may touch
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { raised = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return raised != 0; }

} // namespace orders
