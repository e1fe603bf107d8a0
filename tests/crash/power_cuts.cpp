#include "crash/power_cuts.hpp"

#include "crash/journal_life.hpp"
#include "journal/disk_recorder.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace crash {

using namespace ensemble;
using journal_tests::disk_files;
using journal_tests::disk_operation;
using journal_tests::disk_recorder;
using journal_tests::simulated_disk;

namespace {

constexpr auto file_name = "journal.db";

struct recording {
  disk_files before{};
  std::vector<disk_operation> operations{};
  evidence* shown = nullptr;
  std::uint64_t events = 0; ///< at the end
};

class power_cuts {
public:
  explicit power_cuts(const cut_options& options) : options_(options) {
    std::filesystem::create_directories(options.directory);
    life_.journal = (options.directory / file_name).string();
    life_.mode = options.mode.value_or(process_mode::orchestration);
    life_.durability = options.durability;
  }

  cut_tally run() {
    const auto whole = record({}, first_, [this](const life_options& life) {
      return options_.mode ? live(life) : live_as_journal(life, options_.seed);
    });
    tally_.operations = whole.operations.size();
    cut_everywhere(whole, options_.images, true);
    return tally_;
  }

private:
  template <class Live>
  recording record(const disk_files& before, evidence& shown, Live live_once) {
    put(before);
    disk_recorder disk(options_.directory);
    auto life = life_;
    life.shown = &shown;
    life.operations = [&disk] { return disk.count(); };
    auto result = live_once(life);
    if (!result.failed.empty()) result.wrong.push_back(result.failed);
    recording made{before, std::move(disk.operations), &shown, 0};
    // What nobody was shown meanwhile: from now on all is known.
    const auto reader = open_journal_reader({life.journal, {}, {}});
    for (const auto& e : crash::read_all(*reader)) shown.show(e, made.operations.size());
    made.events = reader->head().value;
    report(result.wrong, "without any cut");
    return made;
  }

  void put(const disk_files& files) const {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(life_.journal + suffix);
    for (const auto& [name, bytes] : files)
      std::ofstream(options_.directory / name, std::ios::binary) << bytes;
  }

  // `deep`: a part of the images is resumed, or has its recovery cut.
  void cut_everywhere(const recording& of, std::uint64_t images, bool deep) {
    simulated_disk disk(of.before);
    for (std::size_t k = 0; k <= of.operations.size(); ++k) {
      for (std::uint64_t n = 0; n < images && k % options_.every == 0; ++n) {
        if (tally_.violations > 0) return;
        const auto seed = (options_.seed * 1'000'003 + k) * 1009 + n;
        const auto image = disk.after_cut(seed);
        const auto what = "cut at operation " + std::to_string(k) + " of " +
                          std::to_string(of.operations.size()) + ", image " + std::to_string(n);
        ++tally_.images;
        const bool sound = verify(of, k, image, what);
        if (!sound || !deep) continue;
        // Spread over the operations, and over their images.
        const auto draw = seed * 0x9E3779B97F4A7C15ULL >> 33;
        if (options_.mode && draw % options_.resume_every == 0) resume(of, k, image, what);
        if (draw % options_.recover_every == 1) cut_recovery(of, k, image, what);
      }
      if (k < of.operations.size()) disk.apply(of.operations[k]);
    }
  }

  // False: it is not what it must be, or has lost something that it may lose.
  bool verify(const recording& of, std::size_t k, const disk_files& image,
              const std::string& what) {
    put(image);
    findings found;
    auto lost = tally_.lost;
    try {
      const auto own = open_with_short_log(opening());
      const auto reader = own->open_reader();
      found = verify_shown(*reader, *of.shown, k,
                           options_.durability == durability::relaxed ? &lost : nullptr);
      if (reader->head().value > of.events) found.emplace_back("there is more than was ever given");
      if (!options_.mode)
        for (auto& one : verify_count(*reader)) found.push_back(std::move(one));
    } catch (const error& why) {
      found.emplace_back(why.what());
    }
    const bool whole = lost == tally_.lost;
    tally_.lost = lost;
    report(found, what, &image);
    return found.empty() && whole;
  }

  [[nodiscard]] journal_options opening() const {
    journal_options made;
    made.path = life_.journal;
    made.durability = options_.durability;
    made.headroom = 0;
    return made;
  }

  // The whole runtime goes on with the image, and ends everything; now and then the power is cut
  // again meanwhile.
  void resume(const recording& of, std::size_t k, const disk_files& image,
              const std::string& what) {
    second_.become(*of.shown, k);
    findings found;
    const auto again = record(image, second_, [&](const life_options& life) {
      auto result = live(life);
      if (result.failed.empty() && result.wrong.empty()) result.wrong = verify_the_end(life);
      found = result.wrong;
      return result;
    });
    if (!found.empty()) report({"that was in a life after it"}, what, &image);
    if (++tally_.resumed % options_.recut_every != 0) return;
    ++tally_.recoveries;
    cut_everywhere(again, 1, false);
    if (tally_.violations > 0) std::cout << "  that was resumed after a " << what << std::endl;
  }

  // The power is cut again, at every operation of the first opening and its first commit.
  void cut_recovery(const recording& of, std::size_t k, const disk_files& image,
                    const std::string& what) {
    second_.become(*of.shown, k);
    const auto again = record(image, second_, [&](const life_options& life) {
      life_result result;
      const auto own = open_with_short_log(opening());
      const auto reader = own->open_reader();
      const auto opened = life.operations();
      for (const auto& e : crash::read_all(*reader)) second_.show(e, opened);
      append_request row;
      row.books.push_back({"recovered", "once", "yes"});
      (void)own->commit({&row, 1}, {});
      return result;
    });
    ++tally_.recoveries;
    cut_everywhere(again, 2, false);
    if (tally_.violations > 0)
      std::cout << "  that was in a recovery after a " << what << std::endl;
  }

  void report(const findings& found, const std::string& what, const disk_files* image = nullptr) {
    if (found.empty()) return;
    tally_.violations += found.size();
    std::cout << "VIOLATION, " << what << ":\n";
    for (const auto& one : found) std::cout << "  " << one << '\n';
    if (image == nullptr) return;
    const auto kept = options_.directory.string() + ".kept";
    std::filesystem::create_directories(kept);
    for (const auto& [name, bytes] : *image)
      std::ofstream(std::filesystem::path(kept) / name, std::ios::binary) << bytes;
    std::cout << "  the files as the cut left them: " << kept << std::endl;
  }

  cut_options options_;
  life_options life_;
  evidence& first_ = evidence::make();
  evidence& second_ = evidence::make();
  cut_tally tally_;
};

} // namespace

cut_tally cut_the_power(const cut_options& options) { return power_cuts(options).run(); }

} // namespace crash
