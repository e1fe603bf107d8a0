#include "journal/simulated_disk.hpp"

#include <algorithm>

namespace journal_tests {

namespace {

using kind = disk_operation::kind;

void put(std::string& file, std::uint64_t at, std::string_view bytes) {
  if (file.size() < at + bytes.size()) file.resize(at + bytes.size(), '\0');
  file.replace(at, bytes.size(), bytes);
}

void carry_out(std::string& file, const disk_operation& operation) {
  if (operation.what == kind::truncate)
    file.resize(operation.at, '\0');
  else
    put(file, operation.at, operation.bytes);
}

} // namespace

simulated_disk::simulated_disk(const disk_files& files) {
  for (const auto& [name, bytes] : files) {
    synced_names_[name] = contents_.size();
    contents_.push_back({bytes, {}});
  }
  names_ = synced_names_;
}

void simulated_disk::change_name(names& in, const name_change& change) {
  if (change.removed)
    in.erase(change.file);
  else
    in[change.file] = change.content;
}

void simulated_disk::apply(const disk_operation& operation) {
  switch (operation.what) {
  case kind::create:
  case kind::remove: {
    const bool removed = operation.what == kind::remove;
    pending_names_.push_back({operation.file, contents_.size(), removed});
    if (!removed) contents_.emplace_back();
    change_name(names_, pending_names_.back());
    break;
  }
  case kind::write:
  case kind::truncate:
    contents_[names_.at(operation.file)].pending.push_back({operation, ++changes_});
    break;
  case kind::sync: {
    auto& file = contents_[names_.at(operation.file)];
    for (const auto& change : file.pending) carry_out(file.synced, change.what);
    file.pending.clear();
    break;
  }
  case kind::sync_directory:
    synced_names_ = names_;
    pending_names_.clear();
    break;
  }
}

disk_files simulated_disk::now() const {
  disk_files files;
  for (const auto& [name, number] : names_) {
    auto file = contents_[number].synced;
    for (const auto& change : contents_[number].pending) carry_out(file, change.what);
    files.emplace(name, std::move(file));
  }
  return files;
}

// How one cut treats what was not synced.
class simulated_disk::cut {
public:
  cut(std::uint64_t seed, const std::vector<file_content>& contents) : random_(seed) {
    std::uint64_t first = ~std::uint64_t{};
    std::uint64_t last = 0;
    for (const auto& file : contents) {
      if (file.pending.empty()) continue;
      first = std::min(first, file.pending.front().order);
      last = std::max(last, file.pending.back().order);
    }
    in_order_ = below(4) == 0;
    if (in_order_ && first <= last) end_ = first + below(last - first + 2);
    constexpr std::uint64_t chances[]{0, 20, 50, 90, 99, 100};
    kept_percent_ = chances[below(std::size(chances))];
  }

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::string left_of(const file_content& from) {
    auto file = from.synced;
    for (const auto& change : from.pending) {
      if (change.what.what == kind::truncate) {
        if (keeps(change.order)) carry_out(file, change.what);
      } else {
        write(file, change);
      }
    }
    return file;
  }

private:
  bool keeps(std::uint64_t order) { return in_order_ ? order < end_ : below(100) < kept_percent_; }

  void write(std::string& file, const pending_change& change) {
    const std::string_view bytes = change.what.bytes;
    const auto end = change.what.at + bytes.size();
    // The new size may be known to the disk before the bytes are: they read as zeros.
    if (!in_order_ && below(4) == 0 && file.size() < end) file.resize(end, '\0');
    for (auto at = change.what.at; at < end;) {
      const auto next = std::min<std::uint64_t>(end, (at / sector + 1) * sector);
      auto piece = bytes.substr(at - change.what.at, next - at);
      const bool torn = in_order_ ? change.order == end_ : below(20) == 0;
      if (torn) piece = piece.substr(0, below(piece.size() + 1));
      if (torn || keeps(change.order)) put(file, at, piece);
      at = next;
    }
  }

  std::mt19937_64 random_;
  bool in_order_ = false;
  std::uint64_t end_ = 0;
  std::uint64_t kept_percent_ = 0;
};

disk_files simulated_disk::after_cut(std::uint64_t seed) const {
  cut power(seed, contents_);
  auto left = synced_names_;
  const auto kept = power.below(pending_names_.size() + 1);
  for (std::size_t n = 0; n < kept; ++n) change_name(left, pending_names_[n]);
  disk_files files;
  for (const auto& [name, number] : left) files.emplace(name, power.left_of(contents_[number]));
  return files;
}

} // namespace journal_tests
