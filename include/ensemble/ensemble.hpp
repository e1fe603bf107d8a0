#pragma once

// All of ensemble but the test helpers (testing.hpp) and what needs CAF (caf.hpp).
#include <ensemble/backup.hpp>
#include <ensemble/causation.hpp>
#include <ensemble/check.hpp>
#include <ensemble/conformance.hpp>
#include <ensemble/control.hpp>
#include <ensemble/diagram.hpp>
#include <ensemble/error.hpp>
#include <ensemble/event.hpp>
#include <ensemble/flow_graph.hpp>
#include <ensemble/history.hpp>
#include <ensemble/identity.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/message.hpp>
#include <ensemble/mode_agreement.hpp>
#include <ensemble/operator_word.hpp>
#include <ensemble/process.hpp>
#include <ensemble/runtime.hpp>
#include <ensemble/service.hpp>
#include <ensemble/subscription.hpp>
#include <ensemble/topic.hpp>
