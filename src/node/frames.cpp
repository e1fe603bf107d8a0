#include "node/frames.hpp"

#include "model/json_document.hpp"
#include "model/json_reader.hpp"
#include "model/names.hpp"
#include "node/wire.hpp"

#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ensemble::node {

namespace {

// --- what stands in each: its members, in their order ---

/// How many members; 0: it is written in a way of its own. One too many or too few does not
/// compile, so none is forgotten.
template <class T>
constexpr std::size_t members = 0;
template <>
constexpr std::size_t members<event_origin> = 6;
template <>
constexpr std::size_t members<new_event> = 5;
template <>
constexpr std::size_t members<recorded_event> = 9;
template <>
constexpr std::size_t members<stream_append> = 3;
template <>
constexpr std::size_t members<book_change> = 3;
template <>
constexpr std::size_t members<book_expectation> = 3;
template <>
constexpr std::size_t members<book_row> = 2;
template <>
constexpr std::size_t members<append_request> = 4;
template <>
constexpr std::size_t members<append_result> = 5;
template <>
constexpr std::size_t members<receipt> = 7;
template <>
constexpr std::size_t members<hello> = 6;
template <>
constexpr std::size_t members<welcome> = 4;
template <>
constexpr std::size_t members<turned_away> = 1;
template <>
constexpr std::size_t members<heartbeat> = 1;
template <>
constexpr std::size_t members<heartbeat_heard> = 1;
template <>
constexpr std::size_t members<frames_taken> = 1;
template <>
constexpr std::size_t members<append_asked> = 2;
template <>
constexpr std::size_t members<append_told> = 3;
template <>
constexpr std::size_t members<read_asked> = 7;
template <>
constexpr std::size_t members<read_told> = 7;
template <>
constexpr std::size_t members<follow> = 2;
template <>
constexpr std::size_t members<committed_events> = 3;
template <>
constexpr std::size_t members<command_asked> = 10;
template <>
constexpr std::size_t members<command_told> = 3;
template <>
constexpr std::size_t members<attempt_failed_told> = 3;
template <>
constexpr std::size_t members<service_moved> = 1;

template <class T>
concept has_members = (members<std::remove_const_t<T>> > 0);

/// References to all of them.
template <has_members T>
auto members_of(T& x) {
  constexpr auto count = members<std::remove_const_t<T>>;
  if constexpr (count == 1) {
    auto& [a] = x;
    return std::tie(a);
  } else if constexpr (count == 2) {
    auto& [a, b] = x;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = x;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = x;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = x;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = x;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = x;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = x;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  }
}

template <class T>
concept is_number = std::unsigned_integral<T> && !std::same_as<T, bool>;

/// The greatest value of an enumeration.
template <class E>
constexpr E greatest();
template <>
constexpr direction greatest() {
  return direction::abort;
}
template <>
constexpr errc greatest() {
  return errc::unknown_outcome;
}
template <>
constexpr append_result::status greatest() {
  return append_result::status::fenced;
}
template <>
constexpr read_asked::kind greatest() {
  return read_asked::kind::book;
}

// --- writing ---

class frame_writer {
public:
  [[nodiscard]] std::string take() noexcept { return to_.take(); }

  void put(bool value) { to_.number(value ? 1 : 0); }
  void put(const std::string& value) { to_.text(value); }
  void put(const std::array<std::uint8_t, 16>& value) { to_.bytes(value.data(), value.size()); }
  void put(position value) { to_.number(value.value); }
  void put(stream_version value) { to_.number(value.value); }
  void put(duration value) { to_.number(static_cast<std::uint64_t>(value.count())); }
  void put(timestamp value) { put(duration(value.time_since_epoch())); }
  void put(const expected_version& value) { put(value.length()); }
  void put(const error& value) {
    put(value.code());
    to_.text(value.what());
  }
  void put(const message& value) {
    to_.text(value.name());
    if (value.empty()) return;
    to_.number(static_cast<std::uint64_t>(value.schema_version()));
    to_.text(value.text());
  }
  template <is_number T>
  void put(T value) {
    to_.number(value);
  }
  template <class E>
  requires std::is_enum_v<E>
  void put(E value) { to_.number(static_cast<std::uint64_t>(value)); }
  template <class Tag>
  void put(const identifier<Tag>& value) {
    put(value.bytes);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& value) {
    to_.number(value.size());
    for (const auto& one : value) put(one);
  }
  template <has_members T>
  void put(const T& value) {
    std::apply([&](const auto&... part) { (put(part), ...); }, members_of(value));
  }

private:
  wire_writer to_;
};

// --- reading ---

class frame_reader {
public:
  frame_reader(std::string_view bytes, const type_lookup& types) : from_(bytes), types_(types) {}

  [[nodiscard]] wire_reader& bytes() noexcept { return from_; }

  void get(bool& value) { value = from_.number(1) == 1; }
  void get(std::string& value) { value = from_.text(); }
  void get(std::array<std::uint8_t, 16>& value) { from_.bytes(value.data(), value.size()); }
  void get(position& value) { value.value = from_.number(); }
  void get(stream_version& value) { value.value = from_.number(); }
  void get(duration& value) { value = duration(static_cast<std::int64_t>(from_.number())); }
  void get(timestamp& value) {
    duration since{};
    get(since);
    value = timestamp(since);
  }
  void get(expected_version& value) {
    std::optional<std::uint64_t> length;
    get(length);
    if (length && !expected_version::exactly(*length).length())
      from_.refuse("no stream has that length");
    value = length ? expected_version::exactly(*length) : expected_version::any();
  }
  void get(message& value) {
    const auto name = from_.text();
    if (name.empty()) {
      value = {};
      return;
    }
    if (!is_message_name(name)) from_.refuse("no message can have that name");
    const auto version = static_cast<int>(from_.number(std::numeric_limits<int>::max()));
    value = received(name, version, std::string(from_.text()));
  }
  template <is_number T>
  void get(T& value) {
    value = static_cast<T>(from_.number(std::numeric_limits<T>::max()));
  }
  template <class E>
  requires std::is_enum_v<E>
  void get(E& value) {
    value = static_cast<E>(from_.number(static_cast<std::uint64_t>(greatest<E>())));
  }
  template <class Tag>
  void get(identifier<Tag>& value) {
    get(value.bytes);
  }
  void get(std::optional<error>& value) {
    bool there = false;
    get(there);
    if (!there) return value.reset();
    errc code{};
    get(code);
    const auto text = from_.text();
    if (text.find('\0') != text.npos) from_.refuse("an error's text ends at its first NUL");
    value.emplace(code, std::string(text));
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = false;
    get(there);
    if (there)
      get(value.emplace());
    else
      value.reset();
  }
  template <class T>
  void get(std::vector<T>& value) {
    auto left = from_.count();
    // What is read may be smaller by far than what it becomes here.
    if (left > budget_ / sizeof(T)) from_.refuse("it would take too much memory");
    budget_ -= left * sizeof(T);
    for (; left > 0; --left) get(value.emplace_back());
  }
  void get(hello& value) {
    get(value.protocol);
    if (value.protocol != protocol_version) return from_.skip_rest();
    auto& [protocol, application, node, incarnation, services, processes] = value;
    get(application);
    get(node);
    get(incarnation);
    get(services);
    get(processes);
  }
  void get(command_told& value) {
    get(value.id);
    get(value.result);
    get(value.failure);
    if (value.result.has_value() == value.failure.has_value())
      from_.refuse("a command comes to a receipt or to a failure");
  }
  template <has_members T>
  void get(T& value) {
    std::apply([&](auto&... part) { (get(part), ...); }, members_of(value));
  }

private:
  [[nodiscard]] message received(std::string_view name, int version, std::string text) const {
    const auto* type = types_ ? types_(name) : nullptr;
    if (type == nullptr) {
      const json_document document(text, name); // it may be recorded here, and read elsewhere
      json_reader(document, name).expect_object();
      return message::opaque(std::string(name), version, std::move(text));
    }
    if (version > type->schema_version)
      throw error(errc::newer_schema, "another node sends '" + std::string(name) +
                                          "' under schema version " + std::to_string(version) +
                                          ", this one knows version " +
                                          std::to_string(type->schema_version) +
                                          ": run a program at least as new as that one here");
    return message::decode(*type, std::move(text));
  }

  wire_reader from_;
  const type_lookup& types_;
  std::size_t budget_ = most_decoded_bytes;
};

template <std::size_t Kind = 0>
frame read_frame(std::uint64_t kind, frame_reader& from) {
  if constexpr (Kind < std::variant_size_v<frame>) {
    if (kind != Kind) return read_frame<Kind + 1>(kind, from);
    std::variant_alternative_t<Kind, frame> value;
    from.get(value);
    return value;
  } else {
    from.bytes().refuse("there is no kind " + std::to_string(kind) + " of frames");
  }
}

} // namespace

std::string encode(const frame& from) {
  frame_writer to;
  to.put(std::uint64_t{from.index()});
  std::visit([&](const auto& value) { to.put(value); }, from);
  auto bytes = to.take();
  if (bytes.size() > most_frame_bytes)
    throw error(errc::bad_argument, "a frame for another node would have " +
                                        std::to_string(bytes.size()) + " bytes; at most " +
                                        std::to_string(most_frame_bytes) + " are taken there");
  return bytes;
}

frame decode(std::string_view bytes, const type_lookup& types) {
  frame_reader from(bytes, types);
  if (bytes.size() > most_frame_bytes) from.bytes().refuse("it is too long");
  std::uint64_t kind = 0;
  from.get(kind);
  auto value = read_frame(kind, from);
  if (!from.bytes().done()) from.bytes().refuse("something follows it");
  return value;
}

} // namespace ensemble::node
