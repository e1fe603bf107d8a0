#pragma once

#include "project/source_text.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace project {

/// A broken rule of the house: where, and what to do about it.
struct violation {
  std::string path;
  std::size_t line;
  std::string what;
};

inline std::ostream& operator<<(std::ostream& out, const violation& v) {
  return out << "\n  " << v.path << ':' << v.line << ": " << v.what;
}

using violations = std::vector<violation>;

/// Rooms stand on floors: model, journal, runtime, node, then bridge and web, then apps.
/// A file includes only its own room and floors below; apps only public headers.
violations check_include_directions(const source_file&);

/// The model is pure: standard library, nlohmann, public headers.
violations check_model_is_pure(const source_file&);

/// Each outside library has its room, and public headers name none of them.
violations check_outside_libraries(const source_file&);

/// At most 500 lines a file, 100 columns a line.
violations check_sizes(const source_file&);

/// Time, sleep, output and chance come through their ports; no await; nothing left to do.
violations check_banned_calls(const source_file&);

} // namespace project
