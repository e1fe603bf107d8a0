#include "fuzz/damaged_journal.hpp"

#include <array>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace fuzz {

namespace {

using namespace ensemble;

constexpr std::size_t page = 4096;

append_request events_of(std::uint64_t n) {
  append_request made;
  const auto instance = make_instance_id({1 + n % 2}, "sale");
  for (std::uint32_t k = 0; k < 1 + n % 3; ++k) {
    new_event e;
    e.id = event_id::of(n, k + 1);
    e.index = k;
    e.last = k == n % 3;
    e.origin.correlation = correlation_id::of(n % 4 + 1, 9);
    e.origin.causation = event_id::of(n - 1, 1);
    if (n % 2 == 1) {
      e.origin.instance = instance;
      e.origin.step = n % 4 == 1 ? "pay" : "ship";
      e.origin.direction = direction::forward;
    }
    e.body = message::opaque(n % 5 == 0 ? "sale_begun" : "thing_happened", 1,
                             "{\"n\":" + std::to_string(n) + ",\"text\":\"" +
                                 std::string(n * 37 % 400, 'x') + "\"}");
    made.streams.push_back(
        {"thing-" + std::to_string(n % 3), expected_version::any(), {std::move(e)}});
  }
  made.books.push_back({"book", "key" + std::to_string(n % 4), std::to_string(n)});
  return made;
}

std::uint64_t hashed(std::uint64_t n) {
  n = (n ^ n >> 31) * 0x7FB5D329728EA185ULL;
  return (n ^ n >> 27) * 0x81DADEF4BC2DD44DULL >> 13;
}

struct damage {
  const real_journals& real;
  input& in;
  file_images& images;

  std::string& file() { return images[in.flag() ? "journal.db" : "journal.db-wal"]; }
  std::size_t place(const std::string& f) { return f.empty() ? 0 : in.number(3) % f.size(); }

  void flip(std::string& f) {
    if (f.empty()) return;
    const auto at = place(f);
    f[at] = static_cast<char>(static_cast<unsigned char>(f[at]) ^
                              (hashed(in.byte() * 65536ULL + at) % 255 + 1));
  }
  void lose(std::string& f) {
    const auto at = place(f) / 512 * 512;
    const auto size = std::min<std::size_t>((1 + in.below(8)) * 512, f.size() - at);
    std::fill_n(f.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
  }
  void make_stale(std::string& f, const std::string& name) {
    const auto& older = real.images[in.below(real.images.size())];
    const auto from = older.find(name);
    if (from == older.end()) return;
    const auto at = place(f) / page * page;
    if (at + page <= f.size() && at + page <= from->second.size())
      f.replace(at, page, from->second, at, page);
  }
  void swap(std::string& f) {
    const auto a = place(f) / page * page;
    const auto b = place(f) / page * page;
    if (std::max(a, b) + page <= f.size() && a != b)
      std::swap_ranges(f.begin() + static_cast<std::ptrdiff_t>(a),
                       f.begin() + static_cast<std::ptrdiff_t>(a + page),
                       f.begin() + static_cast<std::ptrdiff_t>(b));
  }
  void prolong(std::string& f) {
    const auto seed = in.byte();
    for (std::size_t n = in.number(2) % (2 * page); n > 0; --n)
      f += static_cast<char>(hashed(seed * 65536ULL + n));
  }
  void replace() {
    const auto name = in.flag() ? "journal.db" : "journal.db-wal";
    const auto& other = real.images[in.below(real.images.size())];
    if (const auto from = other.find(name); from != other.end())
      images[name] = from->second;
    else
      images.erase(name);
  }
  void one() {
    switch (in.below(8)) {
    case 0: lose(file()); break;
    case 1: {
      const auto name = in.flag() ? "journal.db" : "journal.db-wal";
      make_stale(images[name], name);
      break;
    }
    case 2: swap(file()); break;
    case 3: {
      auto& f = file();
      f.resize(place(f));
      break;
    }
    case 4: prolong(file()); break;
    case 5: replace(); break;
    default: flip(file()); break;
    }
  }
};

} // namespace

real_journals::real_journals(memory_files& files) {
  const auto folder =
      std::filesystem::path("/dev/shm") / ("ensemble-fuzz-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  path = folder / "journal.db";
  std::ofstream(path).flush(); // who opens it looks for it in the file system, too
  journal_options options{.path = path, .durability = durability::relaxed, .headroom = 0};
  std::uint64_t n = 1;
  const auto write = [&](journal& j, std::uint64_t to) {
    for (; n <= to; ++n)
      (void)j.commit(std::array{events_of(n)}, timestamp(std::chrono::seconds(1'700'000'000 + n)));
    images.push_back(files.now());
  };
  for (const std::uint64_t until : {8U, 20U}) {
    const auto j = open_journal(options);
    write(*j, until - 4);
    write(*j, until);
    if (until == 20U) events = j->open_reader()->read_all({1});
  }
  images.push_back(files.now());
}

file_images damaged(const real_journals& real, input& in) {
  auto images = real.images[in.below(real.images.size())];
  damage d{real, in, images};
  for (int n = 0; n < 16 && !in.empty(); ++n) d.one();
  return images;
}

file_images forged(const real_journals& real, input& in) {
  auto images = real.images[in.below(real.images.size())];
  if (in.below(8) == 0) images.clear();
  damage d{real, in, images};
  while (!in.empty()) {
    auto& f = d.file();
    const auto at = f.empty() ? 0 : d.place(f);
    const auto bytes = in.short_text();
    if (f.size() < at + bytes.size()) f.resize(at + bytes.size());
    f.replace(at, bytes.size(), bytes);
  }
  return images;
}

} // namespace fuzz
