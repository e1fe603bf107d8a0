#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace journal_tests {

/// One operation on the files of a directory.
struct disk_operation {
  enum class kind { create, write, truncate, sync, remove, sync_directory };
  kind what = kind::write;
  std::string file{};
  std::uint64_t at = 0; ///< of a write: where; of a truncation: the size
  std::string bytes{};
};

/// The files of a directory by name.
using disk_files = std::map<std::string, std::string>;

/// A disk that knows what was synced. What was not is, at a power cut, kept, lost or torn, sector
/// by sector, in any order; new and removed names take effect in their order, up to anywhere.
class simulated_disk {
public:
  static constexpr std::size_t sector = 512;

  simulated_disk() = default;
  /// With files on it that were synced, names and all.
  explicit simulated_disk(const disk_files& files);

  void apply(const disk_operation& operation);
  /// What the program that is running sees.
  [[nodiscard]] disk_files now() const;
  /// What may be left when the power is cut now: one of the possibilities, by the seed.
  [[nodiscard]] disk_files after_cut(std::uint64_t seed) const;

private:
  struct pending_change {
    disk_operation what{};
    std::uint64_t order = 0; ///< among all changes of the disk
  };
  struct file_content {
    std::string synced{};
    std::vector<pending_change> pending{};
  };
  struct name_change {
    std::string file{};
    std::size_t content = 0; ///< none when it was removed
    bool removed = false;
  };
  using names = std::map<std::string, std::size_t>;
  class cut;

  static void change_name(names& in, const name_change& change);

  std::vector<file_content> contents_;
  names names_;
  names synced_names_;
  std::vector<name_change> pending_names_;
  std::uint64_t changes_ = 0;
};

} // namespace journal_tests
