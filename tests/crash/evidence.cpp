#include "crash/evidence.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <stdexcept>
#include <type_traits>

#include <sys/mman.h>

namespace crash {

evidence& evidence::make() {
  static_assert(std::is_trivially_destructible_v<evidence>);
  void* place =
      ::mmap(nullptr, sizeof(evidence), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  return *new (place) evidence{};
}

bool evidence::show(const ensemble::recorded_event& e, std::uint64_t when) {
  auto& entry = events_.at(e.position.value);
  const auto print = print_of(e);
  std::uint64_t before = 0;
  if (!entry.print.compare_exchange_strong(before, print) && before != print) return false;
  std::uint64_t never = 0;
  entry.when.compare_exchange_strong(never, when + 1);
  return true;
}

void evidence::note(what kind, std::string_view key, std::uint64_t cause, std::uint64_t when) {
  auto& entry = effects_.at(effect_count_++);
  if (key.size() >= entry.key.size()) throw std::length_error("a key is too long");
  entry.kind = kind;
  entry.when = when;
  entry.cause = cause;
  std::memcpy(entry.key.data(), key.data(), key.size());
  entry.key[key.size()] = '\0';
  entry.whole = true;
}

std::uint64_t evidence::shown_at(std::uint64_t operation) const {
  for (auto n = most - 1; n > 0; --n)
    if (const auto when = events_[n].when.load(); when != 0 && when - 1 <= operation) return n;
  return 0;
}

bool evidence::fits(std::uint64_t position, std::uint64_t print) const {
  const auto shown = events_.at(position).print.load();
  return shown == 0 || shown == print;
}

std::vector<evidence::effect> evidence::effects() const {
  std::vector<effect> all;
  for (std::size_t n = 0; n < effect_count_.load(); ++n)
    if (const auto& entry = effects_[n]; entry.whole)
      all.push_back({entry.kind, entry.when, entry.cause, entry.key.data()});
  return all;
}

void evidence::become(const evidence& other, std::uint64_t operation) {
  for (std::size_t n = 0; n < most; ++n) {
    const auto when = other.events_[n].when.load();
    const bool shown = when != 0 && when - 1 <= operation;
    events_[n].print = shown ? other.events_[n].print.load() : 0;
    events_[n].when = shown ? 1 : 0;
  }
  effect_count_ = 0;
  // Who is killed as it notes an effect leaves a place that it took, and did not fill.
  for (auto& entry : effects_) entry.whole = false;
  for (const auto& e : other.effects())
    if (e.when <= operation) note(e.kind, e.key, e.cause, 0);
}

std::uint64_t print_of(const ensemble::recorded_event& e) {
  std::uint64_t hash = 0xCBF29CE484222325ULL; // FNV-1a
  const auto add = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
    hash = (hash ^ 0xFF) * 0x100000001B3ULL;
  };
  const auto add_id = [&](const auto& id) {
    add({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  };
  for (const auto number :
       {e.position.value, e.version.value,
        static_cast<std::uint64_t>(e.time.time_since_epoch().count()), std::uint64_t{e.index},
        std::uint64_t{e.last}, std::uint64_t{e.origin.round},
        static_cast<std::uint64_t>(e.origin.direction),
        static_cast<std::uint64_t>(e.body.schema_version())})
    add(std::to_string(number));
  add_id(e.id);
  add_id(e.origin.correlation);
  add_id(e.origin.causation);
  add_id(e.origin.instance);
  for (const std::string_view text : {std::string_view(e.stream), std::string_view(e.origin.step),
                                      e.body.name(), std::string_view(e.body.text())})
    add(text);
  return hash == 0 ? 1 : hash; // 0 means that nothing was shown
}

std::vector<ensemble::recorded_event> read_all(ensemble::journal_reader& reader) {
  std::vector<ensemble::recorded_event> all;
  for (auto page = reader.read_all({1}); !page.empty();
       page = reader.read_all({all.back().position.value + 1}))
    std::ranges::move(page, std::back_inserter(all));
  return all;
}

findings verify_shown(ensemble::journal_reader& reader, const evidence& of, std::uint64_t operation,
                      std::uint64_t* lost) {
  findings found;
  reader.verify([&](const std::string& fault) { found.push_back(fault); });
  const auto all = read_all(reader);
  for (const auto& e : all)
    if (!of.fits(e.position.value, print_of(e)))
      found.push_back("event " + std::to_string(e.position.value) + " is not the one shown");
  const auto sound = found.size();
  if (const auto shown = of.shown_at(operation); shown > all.size())
    found.push_back("events up to " + std::to_string(shown) + " were shown, there are " +
                    std::to_string(all.size()));
  for (const auto& e : of.effects())
    if (e.when <= operation && e.cause > all.size())
      found.push_back("effect " + e.key + " happened before event " + std::to_string(e.cause) +
                      ", its cause, was durable");
  if (lost != nullptr && found.size() > sound) {
    ++*lost;
    found.resize(sound);
  }
  return found;
}

} // namespace crash
