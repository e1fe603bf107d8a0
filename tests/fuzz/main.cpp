#include "fuzz/fuzz.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

// One program for all targets: one link, and one compilation of what they share. libFuzzer owns the
// command line, so ENSEMBLE_FUZZ_TARGET names the target.

namespace fuzz {

namespace {

using target = void (*)(input);

constexpr std::array<std::pair<std::string_view, target>, 14> targets{
    {{"messages", messages},
     {"json", json},
     {"names", names},
     {"envelopes", envelopes},
     {"books", books},
     {"flow_graphs", flow_graphs},
     {"journals", journals},
     {"control", control},
     {"csv", csv},
     {"command_line", command_line},
     {"definitions", definitions},
     {"folds", folds},
     {"evidence", evidence},
     {"frames", frames}}};

target chosen() {
  const char* name = std::getenv("ENSEMBLE_FUZZ_TARGET");
  for (const auto& [known, function] : targets)
    if (name != nullptr && known == name) return function;
  std::fputs("ENSEMBLE_FUZZ_TARGET must name one of:", stderr);
  for (const auto& [known, function] : targets) std::fprintf(stderr, " %s", known.data());
  std::fputs("\n", stderr);
  std::exit(2);
}

} // namespace

void claim(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "what does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto run = fuzz::chosen();
  run(fuzz::input({data, size}));
  return 0;
}
