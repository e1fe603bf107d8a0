#include "orders/commands/commands.hpp"
#include "orders/compare/comparison.hpp"
#include "orders/driver/interrupt.hpp"
#include "orders/shop.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <filesystem>
#include <iostream>

namespace orders {

namespace {

using ensemble::process_mode;

/// A folder that goes with it.
class temporary_folder {
public:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "orders-compare-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw ensemble::error(ensemble::errc::bad_argument, "cannot make a folder like " + name);
    path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored; // what is left there is the system's to clear
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// Each on a new journal; tells on the terminal how far it is.
class all_runs {
public:
  explicit all_runs(const compare_options& options) : options_(options) {}

  measured_run undisturbed(process_mode mode) {
    const auto name = std::string(to_string(mode)) + ".db";
    tell(mode, "undisturbed");
    return measure(options_, mode,
                   options_.journal.empty() ? folder_.file(name) : options_.journal + "-" + name);
  }
  /// Nobody is killed if there is no role.
  measured_run killing(process_mode mode, const std::string& role) {
    tell(mode, role.empty() ? "warming up" : "killing the " + role);
    const temporary_folder own;
    return measure(options_, mode, own.file("orders.db"), role);
  }

private:
  static void tell(process_mode mode, const std::string& what) {
    if (::isatty(STDERR_FILENO) == 1) std::cerr << to_string(mode) << ", " << what << '\n';
  }

  const compare_options& options_;
  temporary_folder folder_{};
};

} // namespace

int compare_modes(const compare_options& options, std::ostream& out) {
  if (!spdlog::get("ensemble"))
    spdlog::stderr_logger_mt("ensemble")->set_level(spdlog::level::from_str(options.log));
  catch_interrupts();
  const auto services = make_shop(0).services;
  all_runs runs(options);
  comparison c;
  c.services = services.size();
  // The first runs of a program are slower: its memory is new. They are not measured.
  for (const auto mode : {process_mode::orchestration, process_mode::choreography})
    (void)runs.killing(mode, "");
  c.conducted = runs.undisturbed(process_mode::orchestration);
  c.danced = runs.undisturbed(process_mode::choreography);
  if (options.kill) {
    c.killed.push_back(runs.killing(process_mode::orchestration, "process manager"));
    for (const auto mode : {process_mode::orchestration, process_mode::choreography})
      for (const auto& service : services) c.killed.push_back(runs.killing(mode, service.name));
    for (const auto& service : services)
      c.killed.push_back(
          runs.killing(process_mode::choreography, "participant of " + service.name));
  }
  release_interrupts();
  print(out, c, options.format);
  return c.holds() ? 0 : 1;
}

} // namespace orders
