#include "project/traceability.hpp"

#include <regex>

namespace project {

namespace {

using string_match = std::match_results<std::string_view::const_iterator>;

bool is_row(std::string_view line) { return line.starts_with('|'); }

bool is_separator(std::string_view line) {
  return is_row(line) && line.find_first_not_of("|-: ") == std::string_view::npos;
}

template <class F>
void each_match(std::string_view text, const std::regex& form, F f) {
  using iterator = std::regex_iterator<std::string_view::const_iterator>;
  for (iterator i{text.begin(), text.end(), form}; i != iterator{}; ++i) f(*i);
}

} // namespace

std::set<std::string> test_names(const std::vector<source_file>& files) {
  static const std::regex form{
      R"(\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP))"
      R"(\s*\(\s*(\w+)\s*,\s*(\w+)\s*[,)])"};
  std::set<std::string> names;
  for (const auto& file : files) {
    if (!file.path.starts_with("tests/") || !file.path.ends_with(".cpp")) continue;
    each_match(code_only(file.text), form, [&](const string_match& match) {
      names.insert(match[1].str() + "." + match[2].str());
    });
  }
  return names;
}

std::vector<std::string> check_traceability(const std::string& table,
                                            const std::set<std::string>& tests, int rules) {
  static const std::regex test_form{R"(`([A-Z]\w*\.[A-Z]\w*)`)"};
  static const std::regex script_form{R"(`((?:scripts|\.ci)/\w+)[^`]*`)"};
  static const std::regex rule_form{R"(^\|\s*rule (\d+)(?!\d))"};
  std::vector<std::string> wrong;
  std::set<int> seen;
  const auto lines = lines_of(table);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = lines[i];
    const auto where = "line " + std::to_string(i + 1) + ": ";
    int named = 0;
    each_match(line, test_form, [&](const string_match& match) {
      ++named;
      if (!tests.contains(match[1].str()))
        wrong.push_back(where + "there is no test " + match[1].str());
    });
    each_match(line, script_form, [&](const string_match& match) {
      ++named;
      if (!file_exists(match[1].str()))
        wrong.push_back(where + "there is no file " + match[1].str());
    });
    const bool heading = i + 1 < lines.size() && is_separator(lines[i + 1]);
    if (!is_row(line) || is_separator(line) || heading) continue;
    if (named == 0) wrong.push_back(where + "names no test");
    each_match(line, rule_form,
               [&](const string_match& match) { seen.insert(std::stoi(match[1])); });
  }
  for (int rule = 1; rule <= rules; ++rule)
    if (!seen.contains(rule)) wrong.push_back("no row for rule " + std::to_string(rule));
  return wrong;
}

} // namespace project
