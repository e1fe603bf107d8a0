#include "runtime/tested_mode.hpp"

#include "node/linked_journal.hpp"
#include "runtime/runtime_access.hpp"

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
  const char* journal = std::getenv("ENSEMBLE_TEST_JOURNAL");
  if (journal && std::string(journal) == "linked")
    ensemble::runtime_access::set_journal(r, node_tests::open_linked_journal);
  return tested_mode() == ensemble::process_mode::choreography ? r.choreograph(std::move(process))
                                                               : r.orchestrate(std::move(process));
}
