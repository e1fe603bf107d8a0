#include "project/tidy.hpp"

#include <algorithm>
#include <array>
#include <regex>

namespace project {

namespace {

struct include_line {
  std::size_t line;
  std::string name;
  bool quoted;
};

std::vector<include_line> includes_of(const source_file& file) {
  static const std::regex form{R"(^\s*#\s*include\s*(["<])([^">]+)[">])"};
  std::vector<include_line> found;
  const auto code = code_only(file.text);
  std::size_t number = 0;
  for (auto line : lines_of(code)) {
    ++number;
    std::match_results<std::string_view::const_iterator> match;
    if (std::regex_search(line.begin(), line.end(), match, form))
      found.push_back({number, match[2].str(), match[1].str() == "\""});
  }
  return found;
}

struct room {
  std::string_view name;
  int floor;
};

constexpr std::array rooms{room{"model", 0},   room{"journal", 1},    room{"trace", 2},
                           room{"runtime", 3}, room{"simulation", 4}, room{"node", 4},
                           room{"bridge", 5},  room{"web", 5}};

/// The rooms that public headers show; those not named here show the model.
constexpr std::array public_headers{
    room{"ensemble/journal.hpp", 1},     room{"ensemble/backup.hpp", 1},
    room{"ensemble/causation.hpp", 2},   room{"ensemble/flow_graph.hpp", 2},
    room{"ensemble/conformance.hpp", 2}, room{"ensemble/mode_agreement.hpp", 2},
    room{"ensemble/history.hpp", 2},     room{"ensemble/history_file.hpp", 2},
    room{"ensemble/runtime.hpp", 3},     room{"ensemble/caf.hpp", 3},
    room{"ensemble/control.hpp", 3},     room{"ensemble/simulation.hpp", 4},
    room{"ensemble/ensemble.hpp", 6}};

/// The room that a path below src/ lies in; null if in none.
const room* room_of(std::string_view path_in_src) {
  const auto name = path_in_src.substr(0, path_in_src.find('/'));
  const auto* found = std::ranges::find(rooms, name, &room::name);
  return found == rooms.end() || name == path_in_src ? nullptr : found;
}

int floor_of_public(std::string_view header) {
  const auto* found = std::ranges::find(public_headers, header, &room::name);
  return found == public_headers.end() ? 0 : found->floor;
}

bool below(std::string_view path, std::string_view folder) { return path.starts_with(folder); }

bool standard(std::string_view header) {
  return header.find_first_of("/.") == std::string_view::npos;
}

struct outside_library {
  std::string_view header;               // its headers begin so
  std::vector<std::string_view> allowed; // paths that may include them begin so
};

const std::vector<outside_library>& outside_libraries() {
  static const std::vector<outside_library> all{
      {"nlohmann/", {"src/model/", "src/trace/", "tests/", "apps/", "benchmarks/"}},
      {"caf/",
       {"src/runtime/", "src/simulation/", "src/node/", "include/ensemble/caf.hpp",
        "apps/examples/", "tests/", "benchmarks/"}},
      {"sqlite3",
       {"src/journal/sqlite", "tests/journal/sqlite", "tests/allocation/sqlite", "tests/fuzz/"}},
      {"spdlog/",
       {"src/runtime/", "src/simulation/", "src/node/", "src/bridge/", "src/web/", "apps/",
        "tests/", "benchmarks/"}},
      {"openssl/", {"src/runtime/", "src/node/"}},
  };
  return all;
}

struct banned_call {
  std::regex form;
  std::vector<std::string_view> except;
  std::string_view remedy;
};

const std::vector<banned_call>& banned_calls() {
  static const std::vector<banned_call> all{
      {std::regex{R"(\b(system|steady|high_resolution)_clock::now\b)"},
       {"src/runtime/clock.cpp"},
       "ask the clock that you were given"},
      {std::regex{R"(\b(u|nano)?sleep(_for|_until)?\s*\()"},
       {},
       "wait for an event, or for a tick"},
      {std::regex{R"(\bstd::cout\b|\b(printf|puts)\s*\()"},
       {},
       "the library writes to its log only"},
      {std::regex{R"(\bs?rand\s*\()"}, {}, "take a seeded generator as an argument"},
      {std::regex{R"(\brandom_device\b)"},
       {"src/runtime/clock.cpp", "src/runtime/identity.cpp"},
       "chance enters in identity.cpp only"},
      {std::regex{R"(\.\s*await\s*\()"},
       {"src/runtime/caf.cpp"}, // it calls the runtime's own await
       "an actor that awaits a dead one freezes: use then"},
  };
  return all;
}

bool any_prefix(std::string_view path, const std::vector<std::string_view>& prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return below(path, prefix); });
}

std::size_t columns(std::string_view line) {
  // Continuation bytes of UTF-8 take no column.
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (c & '\xC0') != '\x80'; }));
}

} // namespace

violations check_include_directions(const source_file& file) {
  violations found;
  const std::string_view path = file.path;
  const bool in_src = below(path, "src/");
  const bool in_public = below(path, "include/");
  const auto* own = in_src ? room_of(path.substr(4)) : nullptr;
  if (in_src && !own) found.push_back({file.path, 1, "belongs in a room: src/<room>/"});
  for (const auto& include : includes_of(file)) {
    const std::string_view name = include.name;
    const auto report = [&](std::string_view why) {
      found.push_back(
          {file.path, include.line, "includes " + include.name + ": " + std::string{why}});
    };
    const auto* other = room_of(name);
    const bool public_header = below(name, "ensemble/");
    // What kills actors is for tests and for `orders compare`, and for no user.
    const bool killing =
        below(path, "apps/orders/compare/") && name == "runtime/runtime_access.hpp";
    if (!in_src && other && (in_public || below(path, "apps/")) && !killing)
      report("only src/ sees the rooms, others use public headers");
    if (in_public && public_header && floor_of_public(name) > floor_of_public(path.substr(8)))
      report("shows a floor above this header's");
    if (own && other && other != own && other->floor >= own->floor)
      report("not a floor below this one");
    if (own && public_header && floor_of_public(name) > own->floor)
      report("shows a floor above this one");
    if (in_src && include.quoted && !other && !public_header)
      report("write it from src/ on, as \"room/header.hpp\"");
  }
  return found;
}

violations check_model_is_pure(const source_file& file) {
  violations found;
  if (!below(file.path, "src/model/")) return found;
  for (const auto& [line, name, quoted] : includes_of(file)) {
    const bool known =
        below(name, "model/") || below(name, "ensemble/") || below(name, "nlohmann/");
    if (!known && (quoted || !standard(name)))
      found.push_back({file.path, line, "the model is pure, it cannot include " + name});
  }
  return found;
}

violations check_outside_libraries(const source_file& file) {
  violations found;
  for (const auto& [line, name, quoted] : includes_of(file)) {
    if (name == "nlohmann/json_fwd.hpp") continue;
    for (const auto& library : outside_libraries())
      if (below(name, library.header) && !any_prefix(file.path, library.allowed))
        found.push_back({file.path, line, name + " stays in its own room"});
    const bool checksum = name.find("crc32c") != std::string::npos;
    if (checksum && !any_prefix(file.path, {"src/journal/", "tests/", "benchmarks/"}))
      found.push_back({file.path, line, name + " stays in the journal"});
  }
  return found;
}

violations check_sizes(const source_file& file) {
  violations found;
  const auto lines = lines_of(file.text);
  if (lines.size() > 500)
    found.push_back(
        {file.path, 501, "has " + std::to_string(lines.size()) + " lines, 500 is most"});
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (const auto width = columns(lines[i]); width > 100)
      found.push_back({file.path, i + 1, std::to_string(width) + " columns, 100 is most"});
  return found;
}

violations check_banned_calls(const source_file& file) {
  violations found;
  if (!below(file.path, "src/") && !below(file.path, "include/")) return found;
  const auto code = code_only(file.text);
  const auto code_lines = lines_of(code);
  const auto lines = lines_of(file.text);
  static const std::regex unfinished{R"(\b(TODO|FIXME)\b)"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& call : banned_calls()) {
      std::match_results<std::string_view::const_iterator> match;
      const auto line = code_lines[i];
      if (!any_prefix(file.path, call.except) &&
          std::regex_search(line.begin(), line.end(), match, call.form))
        found.push_back({file.path, i + 1, match.str() + ": " + std::string{call.remedy}});
    }
    if (std::regex_search(lines[i].begin(), lines[i].end(), unfinished))
      found.push_back({file.path, i + 1, "do it, or write an issue"});
  }
  return found;
}

} // namespace project
