#include <ensemble/identity.hpp>

namespace ensemble {

// Every number made here is stored in journals: nothing in this file may ever give another result.
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x00000100000001B3ULL;
  }
  return hash;
}

// 2^64 divided by the golden ratio: the increment of SplitMix64.
constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014; Stafford's variant 13): one to one, and
// every bit of its input turns over about half of the bits of its result.
std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// FNV-1a alone leaves names that differ in their last letter close together.
std::uint64_t hash_of(std::string_view text) noexcept { return mix(fnv1a(text)); }

} // namespace

std::string_view to_string(direction d) noexcept {
  switch (d) {
  case direction::none: return "none";
  case direction::forward: return "do";
  case direction::undo: return "undo";
  case direction::close: return "close";
  case direction::complete: return "complete";
  case direction::abort: return "abort";
  }
  return "unknown";
}

instance_id make_instance_id(position start, std::string_view process) noexcept {
  return instance_id::of(start.value, hash_of(process));
}

position start_of(instance_id instance) noexcept { return {instance.head()}; }

command_id make_command_id(instance_id instance, std::string_view step, direction d,
                           std::uint32_t round) noexcept {
  // The last step is one to one in (direction, round): the commands of one step never collide.
  const std::uint64_t step_hash = mix(mix(instance.tail() + golden) ^ hash_of(step));
  const std::uint64_t which = static_cast<std::uint64_t>(d) << 32 | round;
  return command_id::of(instance.head(), mix(step_hash ^ which));
}

event_id make_event_id(command_id command, std::uint32_t index) noexcept {
  return event_id::of(command.head(), command.tail() + index);
}

event_id make_engine_event_id(command_id command, std::string_view kind, std::uint32_t n) noexcept {
  // Another start than that of commands, so that the two families of ids stay apart.
  const std::uint64_t kind_hash = mix(mix(~(command.tail() + golden)) ^ hash_of(kind));
  return event_id::of(command.head(), mix(kind_hash ^ n));
}

std::string to_hex(const std::array<std::uint8_t, 16>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

} // namespace ensemble
