#pragma once

#include <ensemble/runtime.hpp>

/// The mode that this run of the tests is for: the variable ENSEMBLE_TEST_MODE, as `choreography`;
/// orchestration without one. What both modes promise is tested in both by the same tests.
[[nodiscard]] ensemble::process_mode tested_mode();

/// Adds the process in that mode; and lets the runtime keep its journal on another node, over a
/// link, if the variable ENSEMBLE_TEST_JOURNAL says `linked`.
ensemble::runtime& add_process(ensemble::runtime& r, ensemble::process_definition process);
