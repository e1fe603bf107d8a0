#pragma once

#include <spdlog/spdlog.h>

namespace ensemble::internal {

/// The program's logger named "ensemble" if it registered one, else spdlog's default logger.
inline spdlog::logger& log() {
  if (const auto own = spdlog::get("ensemble")) return *own; // the registry keeps it alive
  return *spdlog::default_logger_raw();
}

} // namespace ensemble::internal
