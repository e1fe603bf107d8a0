#include "project/source_text.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace project {

namespace {

namespace fs = std::filesystem;

const fs::path root{ENSEMBLE_SOURCE_DIR};

/// One pass over the text; what is not code becomes spaces, newlines stay.
class blanker {
public:
  explicit blanker(std::string_view text) : in_(text), out_(text) {}

  std::string run() {
    while (at_ < in_.size()) {
      if (starts("//"))
        blank(find("\n"));
      else if (starts("/*"))
        blank(find("*/", 2));
      else if (in_[at_] == '#' && include_line())
        at_ = find("\n");
      else if (in_[at_] == '"')
        literal();
      else if (in_[at_] == '\'' && !digit_separator())
        literal();
      else
        ++at_;
    }
    return std::move(out_);
  }

private:
  bool starts(std::string_view what) const { return in_.substr(at_).starts_with(what); }

  /// Where the next `what` begins, or ends for a block's end; the text's end if there is none.
  std::size_t find(std::string_view what, std::size_t skip = 0) const {
    auto found = in_.find(what, at_ + skip);
    if (found == std::string_view::npos) return in_.size();
    return skip == 0 ? found : found + what.size();
  }

  bool include_line() const {
    auto rest = in_.substr(at_ + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    return rest.starts_with("include");
  }

  /// 1'000'000: a quote right after a letter or digit, unless it is a prefix as in u8'x'.
  bool digit_separator() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(in_[at_ - 1])) != 0;
  }

  void blank(std::size_t end) {
    for (; at_ < end; ++at_)
      if (in_[at_] != '\n') out_[at_] = ' ';
  }

  void literal() {
    const char quote = in_[at_];
    if (quote == '"' && at_ > 0 && in_[at_ - 1] == 'R') {
      const auto open = in_.find('(', at_);
      if (open == std::string_view::npos) return blank(in_.size());
      const auto end = ")" + std::string{in_.substr(at_ + 1, open - at_ - 1)} + "\"";
      return blank(find(end, 1));
    }
    auto end = at_ + 1;
    while (end < in_.size() && in_[end] != quote && in_[end] != '\n')
      end += in_[end] == '\\' ? 2 : 1;
    blank(std::min(end + 1, in_.size()));
  }

  std::string_view in_;
  std::string out_;
  std::size_t at_ = 0;
};

} // namespace

std::string read_file(std::string_view path) {
  std::ifstream file{root / path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool file_exists(std::string_view path) { return fs::exists(root / path); }

std::vector<source_file> source_files() {
  std::vector<source_file> files;
  for (const auto* folder : {"include", "src", "apps", "tests", "benchmarks"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".hpp" && extension != ".cpp")) continue;
      const auto path = fs::relative(entry.path(), root).generic_string();
      files.push_back({path, read_file(path)});
    }
  }
  std::ranges::sort(files, {}, &source_file::path);
  return files;
}

std::string code_only(std::string_view text) { return blanker{text}.run(); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

} // namespace project
