#pragma once

#include <ensemble/identity.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace orders {

/// As in `1,234,567`.
[[nodiscard]] std::string grouped(std::uint64_t number);
/// Three digits and a unit, as in `8.20 ms`.
[[nodiscard]] std::string to_text(std::chrono::nanoseconds span);
/// UTC, as in `2010-12-01 08:26:00.123456`.
[[nodiscard]] std::string to_text(ensemble::timestamp time);
/// A rate for people: a fraction only where it says something.
[[nodiscard]] std::string rate_text(double per_second);

} // namespace orders
