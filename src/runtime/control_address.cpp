#include "runtime/control_address.hpp"

#include "journal/sqlite_schema.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace ensemble::internal {

std::filesystem::path control_path(const std::string& journal) {
  return storage::canonical_journal_path(journal).string() + ".control";
}

std::optional<control_address> control_address::of(const std::filesystem::path& path) {
  control_address a;
  if (a.set(path.string())) return a;
  a.directory_ = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const auto by_directory =
      "/proc/self/fd/" + std::to_string(a.directory_) + "/" + path.filename().string();
  if (a.directory_ < 0 || !a.set(by_directory)) return std::nullopt;
  return a;
}

control_address::~control_address() {
  if (directory_ >= 0) ::close(directory_);
}

control_address::control_address(control_address&& from) noexcept
    : address_(from.address_), directory_(std::exchange(from.directory_, -1)) {}

bool control_address::set(const std::string& path) noexcept {
  if (path.size() >= sizeof(address_.sun_path)) return false;
  address_ = {};
  address_.sun_family = AF_UNIX;
  path.copy(address_.sun_path, path.size());
  return true;
}

} // namespace ensemble::internal
