#pragma once

// Bugs that tests plant on purpose, to prove that a checker sees them. They exist only in the
// copy of the library that is compiled with ENSEMBLE_PLANTED_BUGS; elsewhere the macro is `false`.
#ifdef ENSEMBLE_PLANTED_BUGS
#include <string>
namespace ensemble {
inline std::string planted_bug{};
}
#define ENSEMBLE_PLANTED(name) (::ensemble::planted_bug == #name)
#else
#define ENSEMBLE_PLANTED(name) false
#endif
