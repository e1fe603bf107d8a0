#pragma once

#include "project/source_text.hpp"

#include <set>
#include <string>
#include <vector>

namespace project {

/// The names of all tests in these files, as `Suite.Name`; for parameterised ones the fixture's
/// and the test's, without the instance's.
std::set<std::string> test_names(const std::vector<source_file>&);

/// What is wrong with docs/tests.md, in readable lines. Its form: tables, each row of which says
/// what is promised and names in backquotes at least one test that holds it:
///
///     | what | held by |
///     |---|---|
///     | rule 7 | `Awaits.OutcomeByKey`, `Awaits.KeyIsEvaluatedOnce` |
///     | Runs on a bare system | `scripts/test` |
///
/// A name in backquotes is `Suite.Name`, both in capitals, or an executable file of the project
/// below scripts/ or .ci/. Each rule of the process machine, 1 to `rules`, has a row whose first
/// cell is or begins with "rule N".
std::vector<std::string> check_traceability(const std::string& table,
                                            const std::set<std::string>& tests, int rules);

} // namespace project
