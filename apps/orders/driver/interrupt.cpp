#include "orders/driver/interrupt.hpp"

#include <csignal>

namespace orders {

namespace {

volatile std::sig_atomic_t raised = 0; // all that a signal handler may touch

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

} // namespace

void catch_interrupts() {
  raised = 0;
  handle([](int) { raised = 1; });
}

void release_interrupts() { handle(SIG_DFL); }

bool interrupted() noexcept { return raised != 0; }

} // namespace orders
