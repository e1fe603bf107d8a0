#include "common/report.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace {

int digits_for(double value) { return value < 10 ? 3 : value < 1000 ? 1 : 0; }

} // namespace

void report::add(std::string name, std::string_view unit, const samples& of) {
  const int digits = digits_for(of.median());
  std::printf("%-58s %10.*f %-9s", name.c_str(), digits, of.median(), std::string(unit).c_str());
  if (of.values.size() > 1)
    std::printf(" (%.*f to %.*f)", digits, of.least(), digits, of.most());
  std::printf("\n");
  std::fflush(stdout);
  figures_.push_back({std::move(name), std::string(unit), of});
}

void report::write() const {
  if (file_.empty()) return;
  auto all = nlohmann::ordered_json::array();
  for (const auto& f : figures_)
    all.push_back({{"name", f.name},
                   {"unit", f.unit},
                   {"median", f.of.median()},
                   {"min", f.of.least()},
                   {"max", f.of.most()},
                   {"runs", f.of.values.size()}});
  std::ofstream out(file_);
  out << all.dump(1) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file_.string());
}

int run_and_report(const std::string& file, const std::function<void(report&)>& measure) {
  try {
    report to(file);
    measure(to);
    to.write();
    return EXIT_SUCCESS;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return EXIT_FAILURE;
  }
}
