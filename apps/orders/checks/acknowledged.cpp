#include "orders/checks/acknowledged.hpp"

#include <ensemble/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace orders {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw ensemble::error(ensemble::errc::bad_argument, what + ": " + std::strerror(errno));
}

} // namespace

acknowledged_file::acknowledged_file(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0) refuse(path);
}

acknowledged_file::~acknowledged_file() { ::close(file_); }

void acknowledged_file::add(std::string_view order_id, ensemble::position at) {
  const auto line = std::string(order_id) + ' ' + std::to_string(at.value) + '\n';
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    refuse("the file of acknowledged orders");
}

acknowledged_check::acknowledged_check(const std::string& path, findings& found) : found_(found) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(path);
  for (std::string line; std::getline(in, line);) {
    if (in.eof()) break; // without its end: torn by a kill, so it was told to nobody
    const auto space = line.rfind(' ');
    std::uint64_t at = 0;
    const auto* end = line.data() + line.size();
    if (space == std::string::npos || std::from_chars(line.data() + space + 1, end, at).ptr != end)
      throw ensemble::error(ensemble::errc::bad_argument,
                            path + ": '" + line + "' is not ORDER POSITION");
    told_.emplace_back(at, line.substr(0, space));
  }
  std::ranges::sort(told_);
}

void acknowledged_check::feed(const ensemble::recorded_event& e) {
  for (; next_ < told_.size() && told_[next_].first <= e.position.value; ++next_) {
    const auto& [at, order_id] = told_[next_];
    const auto* created = at == e.position.value ? e.body.get_if<order_created>() : nullptr;
    if (!created || created->order_id != order_id)
      found_.add("S1", "order " + order_id + " was acknowledged at position " + std::to_string(at) +
                           ", where '" + std::string(e.body.name()) + "' of " + e.stream +
                           " stands");
  }
}

void acknowledged_check::finish() {
  for (; next_ < told_.size(); ++next_)
    found_.add("S1", "order " + told_[next_].second + " was acknowledged at position " +
                         std::to_string(told_[next_].first) + ", which the journal has not");
}

} // namespace orders
