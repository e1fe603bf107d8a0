#pragma once

#include <ensemble/error.hpp>
#include <ensemble/fields.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ensemble {

/// What the library knows of one message type. One object a type, alive for the whole program.
struct message_type {
  std::string_view name;
  int schema_version;
  void (*write)(field_writer&, const void* value);
  /// Makes a value from stored fields; throws errc::bad_message.
  std::shared_ptr<const void> (*read)(field_reader&);
};

/// A struct declared with ENSEMBLE_MESSAGE: a command or an event.
template <class T>
concept message_struct = described<T> && requires(const T* tag) {
  { ensemble_message_name(tag) } -> std::convertible_to<std::string_view>;
  { ensemble_schema_version(tag) } -> std::convertible_to<int>;
};

namespace detail {

template <message_struct T>
inline constexpr message_type described_type{
    ensemble_message_name(static_cast<const T*>(nullptr)),
    ensemble_schema_version(static_cast<const T*>(nullptr)),
    [](field_writer& w, const void* value) { write_value(w, *static_cast<const T*>(value)); },
    [](field_reader& r) -> std::shared_ptr<const void> {
      auto value = std::make_shared<T>();
      read_value(r, *value);
      return value;
    }};

} // namespace detail

/// The description of message type T.
template <message_struct T>
[[nodiscard]] constexpr const message_type& type_of() noexcept {
  return detail::described_type<T>;
}

/// An immutable message, shared: copying it copies a pointer. It holds the typed value, its JSON
/// text (made when first asked for, once), or only the text when its type is not known here.
/// Safe to use from several threads.
class message {
public:
  /// No message: empty() is true.
  message() = default;

  /// Wraps a value.
  template <message_struct T>
  message(T value) // NOLINT(google-explicit-constructor): a message is what a struct is sent as
      : body_(std::make_shared<typed_body<T>>(std::move(value))) {}

  /// A message from its stored form. Throws errc::bad_message when the text is not JSON within the
  /// input limits (nesting 64, 1 MiB, no duplicate keys) or does not fit the type.
  [[nodiscard]] static message decode(const message_type& type, std::string text);
  /// A message of a type that is not known here; the text is kept as it is.
  [[nodiscard]] static message opaque(std::string name, int schema_version, std::string text);

  [[nodiscard]] bool empty() const noexcept { return body_ == nullptr; }
  /// The stored name; empty for an empty message.
  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] int schema_version() const noexcept;
  /// The JSON text. Throws errc::bad_message when the value has none (text that is not UTF-8, a
  /// number that is not finite, more than 1 MiB).
  [[nodiscard]] const std::string& text() const;
  /// The type, or null when it is not known here.
  [[nodiscard]] const message_type* type() const noexcept;

  /// The typed value, or null when the message holds another type.
  template <message_struct T>
  [[nodiscard]] const T* get_if() const noexcept {
    if (!body_ || body_->type != &type_of<T>()) return nullptr;
    return static_cast<const T*>(body_->value);
  }
  /// The typed value; throws errc::bad_message when the message holds another type.
  template <message_struct T>
  [[nodiscard]] const T& as() const {
    if (const auto* value = get_if<T>()) return *value;
    throw error(errc::bad_message, "expected message '" + std::string(type_of<T>().name) +
                                       "', got '" + std::string(name()) + "'");
  }
  template <message_struct T>
  [[nodiscard]] bool is() const noexcept {
    return get_if<T>() != nullptr;
  }

  /// Equal name and equal text. For tests: it makes the texts.
  friend bool operator==(const message& a, const message& b);

private:
  struct body {
    const message_type* type{};
    const void* value{};
    /// Owned; null until it is made. (A once_flag would cost a call of the kernel for each.)
    mutable std::atomic<const std::string*> text{};

    body() = default;
    body(const body&) = delete;
    body& operator=(const body&) = delete;
    virtual ~body() { delete text.load(std::memory_order_acquire); }
  };
  template <class T>
  struct typed_body final : body {
    T held;
    explicit typed_body(T from) : held(std::move(from)) {
      this->type = &type_of<T>();
      this->value = &held;
    }
  };
  struct decoded_body;
  struct opaque_body;

  std::shared_ptr<const body> body_;
};

} // namespace ensemble

/// Declares a message: its stored name (that of the type), schema version and fields, in one line,
/// in the struct's own namespace. The name is a storage format: it never changes.
#define ENSEMBLE_MESSAGE(type, version, ...)                                                       \
  ENSEMBLE_MESSAGE_NAMED(type, #type, version __VA_OPT__(, ) __VA_ARGS__)

/// The same with another stored name: lower case, digits, `_` and `.`.
#define ENSEMBLE_MESSAGE_NAMED(type, name, version, ...)                                           \
  ENSEMBLE_FIELDS(type __VA_OPT__(, ) __VA_ARGS__)                                                 \
  [[maybe_unused]] constexpr ::std::string_view ensemble_message_name(const type*) {               \
    return name;                                                                                   \
  }                                                                                                \
  [[maybe_unused]] constexpr int ensemble_schema_version(const type*) { return version; }
