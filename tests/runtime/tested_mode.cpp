#include "runtime/tested_mode.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

ensemble::process_mode tested_mode() {
  const char* asked = std::getenv("ENSEMBLE_TEST_MODE");
  const std::string mode = asked ? asked : "orchestration";
  for (const auto each :
       {ensemble::process_mode::orchestration, ensemble::process_mode::choreography})
    if (mode == to_string(each)) return each;
  throw std::invalid_argument("ENSEMBLE_TEST_MODE is no mode: " + mode);
}

ensemble::runtime& add_process(ensemble::runtime& r, ensemble::process_definition process) {
  return tested_mode() == ensemble::process_mode::choreography ? r.choreograph(std::move(process))
                                                               : r.orchestrate(std::move(process));
}
