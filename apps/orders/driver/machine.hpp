#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace orders {

/// How many flushes (a 4 KiB append and fdatasync) the disk under that folder does in a second,
/// one after the other: what durable commits are to be measured by. Takes a quarter of a second;
/// leaves no file behind. Nothing if no file can be made there.
[[nodiscard]] std::optional<double> measure_flush_rate(const std::string& folder);

/// How much memory this process holds at present, in bytes; 0 if the system does not tell.
[[nodiscard]] std::uint64_t resident_memory();

} // namespace orders
