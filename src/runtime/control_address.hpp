#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <optional>
#include <string>

namespace ensemble::internal {

/// Where the control socket of a journal is: beside its file.
[[nodiscard]] std::filesystem::path control_path(const std::string& journal);

/// The socket address of a path. The system's addresses hold about a hundred bytes; a longer path
/// is reached by way of an open directory, so that only the file's own name must be short.
class control_address {
public:
  /// Nothing if even the name is too long, or the directory cannot be opened.
  [[nodiscard]] static std::optional<control_address> of(const std::filesystem::path& path);
  ~control_address();
  control_address(control_address&& from) noexcept;
  control_address& operator=(control_address&&) = delete;

  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  [[nodiscard]] static constexpr socklen_t size() noexcept { return sizeof(sockaddr_un); }

private:
  control_address() = default;
  [[nodiscard]] bool set(const std::string& path) noexcept;

  sockaddr_un address_{};
  int directory_ = -1;
};

} // namespace ensemble::internal
