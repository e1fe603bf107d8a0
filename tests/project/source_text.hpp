#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace project {

/// A file of the project, with its path from the root: "src/model/message.cpp".
struct source_file {
  std::string path;
  std::string text;
};

/// All C++ files (.hpp, .cpp) below the project's folders, in order of their paths.
std::vector<source_file> source_files();

/// The text of a file of the project; empty if there is none.
std::string read_file(std::string_view path);

/// Whether the project has this file.
bool file_exists(std::string_view path);

/// The text with comments and the insides of literals blanked, line by line as long as before;
/// #include lines keep their names.
std::string code_only(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);

} // namespace project
