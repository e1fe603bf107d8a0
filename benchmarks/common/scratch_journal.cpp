#include "common/scratch_journal.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

scratch_journal::scratch_journal(const std::filesystem::path& directory, const std::string& name)
    : path_((directory / ("ensemble-" + name + ".db")).string()) {
  remove();
}

scratch_journal::~scratch_journal() { remove(); }

void scratch_journal::remove() const {
  std::error_code none;
  for (const auto* suffix : {"", "-wal", "-shm", ".lock", ".control"})
    std::filesystem::remove(path_ + suffix, none);
}

void in_a_process_that_dies(const std::function<void()>& work) {
  std::fflush(nullptr);
  const auto child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    int code = EXIT_SUCCESS;
    try {
      work();
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "%s\n", failure.what());
      code = EXIT_FAILURE;
    }
    std::fflush(nullptr);
    ::_exit(code);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("the process before failed");
}
