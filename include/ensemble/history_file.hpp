#pragma once

#include <ensemble/history.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace ensemble {

/// Writes a history to a file of JSON lines (docs/history.md has the format) while it happens: what
/// is asked before it is asked, what is told after it was. Each line is one write at the file's
/// end, so a killed program leaves whole lines but for the last, and their order is that in which
/// things happened, also of several programs on one machine. Safe to use from several threads.
/// Every function throws errc::bad_argument when the file cannot be written.
class history_writer {
public:
  /// Opens or makes the file, and ends a line that a killed program left torn. `session` tells
  /// those who write apart while they live: a process id, say.
  history_writer(const std::string& path, std::string session);
  ~history_writer();
  history_writer(const history_writer&) = delete;
  history_writer& operator=(const history_writer&) = delete;

  /// Notes that the command is about to be given; returns what `told` needs. Moments are not
  /// written: the line's place says when.
  [[nodiscard]] std::uint64_t asked(const asked_command& command);
  void told(std::uint64_t asked, const asked_command& command);
  [[nodiscard]] std::uint64_t asked(const asked_append& append);
  void told(std::uint64_t asked, const asked_append& append);
  void effect(std::string_view service, const effect_entry& entry);
  /// The subscription's name, topics, order and attempts; before its first entry.
  void subscribed(const subscription_history& subscription);
  void saw(std::string_view subscription, const subscription_entry& entry);
  void parked(std::string_view subscription, const parked_event& event);

private:
  [[nodiscard]] std::string operation(std::uint64_t number) const;
  void line(std::string_view kind, const std::string& body);

  int file_;
  std::string session_;
  std::atomic<std::uint64_t> operations_{0};
};

/// A history as it was read.
struct history_file {
  history told{};
  std::uint64_t lines = 0; ///< whole ones
  std::uint64_t torn = 0;  ///< lines that a killed program left torn
};

/// Reads what history_writer wrote; the moments are the numbers of the lines. A last line without
/// its end, or one before the beginning of another session that cannot be read, was torn by a kill:
/// it is counted and left out. Throws errc::bad_argument, naming the line, for anything else, and
/// when there is no such file.
[[nodiscard]] history_file read_history(const std::string& path);

} // namespace ensemble
