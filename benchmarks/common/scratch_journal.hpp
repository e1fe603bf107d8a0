#pragma once

#include <filesystem>
#include <functional>
#include <string>

/// A journal's file that is not there before and not after.
class scratch_journal {
public:
  scratch_journal(const std::filesystem::path& directory, const std::string& name);
  scratch_journal(const scratch_journal&) = delete;
  scratch_journal& operator=(const scratch_journal&) = delete;
  ~scratch_journal();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  void remove() const;

  std::string path_;
};

/// Does it in a process of its own, which leaves no memory behind and ends without clearing up, as
/// one that was killed. Throws std::runtime_error if it fails.
void in_a_process_that_dies(const std::function<void()>& work);
