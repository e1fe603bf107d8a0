#include "fuzz/fuzz.hpp"

#include <ensemble/history_file.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace fuzz {

using namespace ensemble;

/// The file of evidence that `orders run --evidence` writes.
void evidence(input in) {
  static const std::string path =
      std::filesystem::path("/dev/shm") / ("ensemble-fuzz-evidence-" + std::to_string(::getpid()));
  const auto text = in.rest();
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  history_file read;
  if (refused({errc::bad_argument}, [&] { read = read_history(path); })) return;
  const auto ends = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  claim(read.lines + read.torn <= ends + 1, "no line is read that is not there");
  const auto again = read_history(path);
  claim(again.lines == read.lines && again.torn == read.torn, "read twice, the same twice");
}

} // namespace fuzz
