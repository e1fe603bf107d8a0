#pragma once

#include <ensemble/runtime.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reference {

/// One load of reference orders on a new journal: always `concurrency` of them under way.
struct load {
  std::string durability = "durable"; ///< memory, relaxed, durable or speculative
  bool danced = false;
  std::size_t concurrency = 64;
  double seconds = 2;  ///< for so long, behind a fifth of it to warm up
  double failures = 0; ///< the share of the orders that are compensated, 0 to 1
  std::filesystem::path directory{};
  std::size_t threads = 0;
  std::size_t credits = 0; ///< 0: as many as never refuse an order
};

struct load_result {
  double orders_a_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double events_a_second = 0;
  double events_an_order = 0;
  double events_a_commit = 0;
  double messages_an_order = 0;
  double processor_us_an_order = 0; ///< of all threads: what a busy machine does not change much
  double resident_mebibytes = 0;    ///< at the end
};

/// Throws std::runtime_error when an order ends otherwise than it should.
[[nodiscard]] load_result run(const load& wanted);

struct offered_result {
  double accepted_a_second = 0; ///< and ended
  double refused_a_second = 0;
  double p50_ms = 0; ///< of the accepted
  double p99_ms = 0;
  double resident_mebibytes_before = 0; ///< when it is under way
  double resident_mebibytes = 0;        ///< at the end
};
/// Sends so many orders a second, whatever becomes of them: those for which there is no credit are
/// refused. `concurrency` does not matter.
[[nodiscard]] offered_result run_offered(const load& wanted, double orders_a_second);

struct part_result {
  double orders_a_second = 0;
  double processor_us_an_order = 0; ///< of all threads
  double resident_mebibytes = 0;    ///< at its end
};
/// So many orders into one new journal, and how each part of them went; `seconds` does not matter.
[[nodiscard]] std::vector<part_result> run_in_parts(const load& wanted, std::uint64_t orders,
                                                    std::uint64_t parts);

} // namespace reference
