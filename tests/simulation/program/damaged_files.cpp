#include "simulation/program/damaged_files.hpp"

#include "explorer/random_definition.hpp"

#include <ensemble/backup.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

namespace {

using namespace ensemble;
namespace fs = std::filesystem;

class folder {
public:
  folder() : path_(fs::temp_directory_path() / ("ensemble-files-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~folder() { fs::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

private:
  fs::path path_;
};

void write_events(journal& to, explorer::dice& d) {
  const auto count = 20 + d.below(100);
  for (std::uint64_t n = 1; n <= count; ++n) {
    new_event e;
    e.id = event_id::of(n, 1);
    e.body = message::opaque("thing_happened", 1,
                             "{\"text\":\"" + std::string(d.below(300), 'x') + "\"}");
    append_request request;
    request.streams.push_back(
        {"thing-" + std::to_string(d.below(5)), expected_version::any(), {std::move(e)}});
    (void)to.commit(std::array{std::move(request)}, timestamp(std::chrono::seconds(n)));
  }
}

/// All events as text. False: something was refused.
bool dump(const std::string& path, std::string& all) {
  try {
    const auto reader = open_journal_reader({.path = path});
    for (position next{1};;) {
      const auto page = reader->read_all(next);
      for (const auto& e : page)
        all += std::to_string(e.position.value) + e.stream + std::to_string(e.version.value) +
               to_string(e.id) + e.body.text() + '\n';
      if (page.size() < read_page) break;
      next = {page.back().position.value + 1};
    }
    bool sound = true;
    reader->verify([&](const std::string&) { sound = false; });
    return sound;
  } catch (const error&) {
    return false;
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string try_copies(const folder& in) {
  const auto backup = backup_journal(in.file("j.db"), in.file("backup.db"));
  const auto restored = restore_journal(in.file("backup.db"), in.file("restored.db"));
  const auto original = digest(*open_journal_reader({.path = in.file("j.db")}));
  if (backup == original && restored == original) return {};
  return "S11: a journal of " + std::to_string(original.events) + " events has a backup of " +
         std::to_string(backup.events) + ", restored with " + std::to_string(restored.events);
}

std::string try_damage(const folder& in, explorer::dice& d, const std::string& right) {
  const auto bytes = read_file(in.file("j.db"));
  for (int round = 0; round < 10; ++round) {
    auto damaged = bytes;
    const auto place = d.below(bytes.size());
    if (d.chance(0.1))
      damaged.resize(place);
    else
      damaged[place] = static_cast<char>(damaged[place] ^ (1 << d.below(8)));
    std::ofstream(in.file("damaged.db"), std::ios::binary | std::ios::trunc) << damaged;
    std::string read;
    if (dump(in.file("damaged.db"), read) && read != right)
      return "S9: wrong events, and no error, with byte " + std::to_string(place) + " damaged";
  }
  return {};
}

} // namespace

std::string try_files(std::uint64_t seed) {
  const folder in;
  explorer::dice d(seed);
  std::string right;
  {
    const auto owner =
        open_journal({.path = in.file("j.db"), .durability = durability::relaxed, .headroom = 0});
    write_events(*owner, d);
    try {
      if (auto found = try_copies(in); !found.empty()) return found;
    } catch (const error& e) {
      return std::string("S11: ") + e.what();
    }
  }
  if (!dump(in.file("j.db"), right)) return "S9: a sound journal is refused";
  return try_damage(in, d, right);
}
