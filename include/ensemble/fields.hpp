#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ensemble {

/// Receives the fields of a value, one after the other. The library implements it (JSON text);
/// messages are visited through it by the functions that ENSEMBLE_MESSAGE and ENSEMBLE_FIELDS make.
class field_writer {
public:
  virtual ~field_writer() = default;
  virtual void begin_object() = 0;
  virtual void field(std::string_view name) = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void unsigned_integer(std::uint64_t value) = 0;
  /// Throws errc::bad_message when the value is not finite.
  virtual void number(double value) = 0;
  /// Throws errc::bad_message when the text is not valid UTF-8.
  virtual void text(std::string_view value) = 0;
  /// Refuses the present value: throws errc::bad_message with the field and `why`.
  [[noreturn]] virtual void refuse(const std::string& why) = 0;
};

/// Hands out the fields of a stored value by name. Unknown fields are never asked for, so they are
/// ignored; a missing one leaves the member at its default. Every function throws
/// errc::bad_message, naming the path, when the stored value has another type or does not fit.
class field_reader {
public:
  virtual ~field_reader() = default;
  /// Steps into the field of that name; false if it is not there. `leave` steps out again.
  virtual bool enter_field(std::string_view name) = 0;
  virtual std::size_t array_size() = 0;
  virtual void enter_element(std::size_t index) = 0;
  virtual std::vector<std::string> field_names() = 0;
  virtual void leave() = 0;
  virtual bool is_null() = 0;
  virtual bool boolean() = 0;
  virtual std::int64_t integer() = 0;
  virtual std::uint64_t unsigned_integer() = 0;
  virtual double number() = 0;
  virtual std::string text() = 0;
  /// Refuses the present value: throws errc::bad_message with the path and `why`.
  [[noreturn]] virtual void refuse(const std::string& why) = 0;
};

/// A struct whose fields were declared with ENSEMBLE_FIELDS or ENSEMBLE_MESSAGE.
template <class T>
concept described = requires(field_writer& w, field_reader& r, const T& in, T& out) {
  ensemble_write_fields(w, in);
  ensemble_read_fields(r, out);
};

/// An enumeration whose values were declared with ENSEMBLE_ENUM.
template <class T>
concept described_enum = std::is_enum_v<T> && requires(T value, std::string_view name) {
  { ensemble_enum_name(value) } -> std::convertible_to<std::string_view>;
  { ensemble_enum_value(name, value) } -> std::same_as<bool>;
};

namespace detail {

template <class T>
struct is_vector : std::false_type {};
template <class T, class A>
struct is_vector<std::vector<T, A>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_text_map : std::false_type {};
template <class T, class C, class A>
struct is_text_map<std::map<std::string, T, C, A>> : std::true_type {};
template <class T>
struct is_duration : std::false_type {};
template <class R, class P>
struct is_duration<std::chrono::duration<R, P>> : std::true_type {};
template <class T>
struct is_time_point : std::false_type {};
template <class C, class D>
struct is_time_point<std::chrono::time_point<C, D>> : std::true_type {};
template <class>
inline constexpr bool never = false;

} // namespace detail

/// Writes any supported value: booleans, integers, floating point, text, declared enumerations and
/// structs, and optionals, vectors and text-keyed maps of these. Durations and time points are
/// written as their count.
template <class T>
void write_value(field_writer& w, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    w.boolean(value);
  } else if constexpr (std::signed_integral<T>) {
    w.integer(value);
  } else if constexpr (std::unsigned_integral<T>) {
    w.unsigned_integer(value);
  } else if constexpr (std::floating_point<T>) {
    static_assert(sizeof(T) <= sizeof(double), "a long double would lose digits: use double");
    w.number(static_cast<double>(value));
  } else if constexpr (std::same_as<T, std::string>) {
    w.text(value);
  } else if constexpr (described_enum<T>) {
    const std::string_view name = ensemble_enum_name(value);
    if (name.empty()) w.refuse("its value is not one that ENSEMBLE_ENUM declares");
    w.text(name);
  } else if constexpr (detail::is_duration<T>::value) {
    write_value(w, value.count());
  } else if constexpr (detail::is_time_point<T>::value) {
    write_value(w, value.time_since_epoch().count());
  } else if constexpr (detail::is_optional<T>::value) {
    static_assert(!detail::is_optional<typename T::value_type>::value,
                  "an optional of an optional cannot be told apart from an empty one");
    if (value)
      write_value(w, *value);
    else
      w.null();
  } else if constexpr (detail::is_vector<T>::value) {
    w.begin_array();
    for (const typename T::value_type& element : value) write_value(w, element);
    w.end_array();
  } else if constexpr (detail::is_text_map<T>::value) {
    w.begin_object();
    for (const auto& [key, element] : value) {
      w.field(key);
      write_value(w, element);
    }
    w.end_object();
  } else if constexpr (described<T>) {
    w.begin_object();
    ensemble_write_fields(w, value);
    w.end_object();
  } else {
    static_assert(detail::never<T>, "this type cannot be a field: declare it with ENSEMBLE_FIELDS "
                                    "or ENSEMBLE_ENUM in its own namespace");
  }
}

/// Reads what write_value wrote.
template <class T>
void read_value(field_reader& r, T& value) {
  if constexpr (std::same_as<T, bool>) {
    value = r.boolean();
  } else if constexpr (std::signed_integral<T>) {
    const auto wide = r.integer();
    if (!std::in_range<T>(wide)) r.refuse("the number does not fit its field");
    value = static_cast<T>(wide);
  } else if constexpr (std::unsigned_integral<T>) {
    const auto wide = r.unsigned_integer();
    if (!std::in_range<T>(wide)) r.refuse("the number does not fit its field");
    value = static_cast<T>(wide);
  } else if constexpr (std::floating_point<T>) {
    const auto wide = r.number();
    if (!(wide >= std::numeric_limits<T>::lowest() && wide <= std::numeric_limits<T>::max()))
      r.refuse("the number does not fit its field");
    value = static_cast<T>(wide);
  } else if constexpr (std::same_as<T, std::string>) {
    value = r.text();
  } else if constexpr (described_enum<T>) {
    const auto name = r.text();
    if (!ensemble_enum_value(name, value)) r.refuse("'" + name + "' is not one of its values");
  } else if constexpr (detail::is_duration<T>::value) {
    typename T::rep count{};
    read_value(r, count);
    value = T{count};
  } else if constexpr (detail::is_time_point<T>::value) {
    typename T::duration since_epoch{};
    read_value(r, since_epoch);
    value = T{since_epoch};
  } else if constexpr (detail::is_optional<T>::value) {
    if (r.is_null())
      value.reset();
    else
      read_value(r, value.emplace());
  } else if constexpr (detail::is_vector<T>::value) {
    value.clear();
    const auto size = r.array_size();
    value.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      r.enter_element(i);
      typename T::value_type element{};
      read_value(r, element);
      value.push_back(std::move(element));
      r.leave();
    }
  } else if constexpr (detail::is_text_map<T>::value) {
    value.clear();
    for (auto& name : r.field_names()) {
      r.enter_field(name);
      read_value(r, value[name]);
      r.leave();
    }
  } else if constexpr (described<T>) {
    ensemble_read_fields(r, value);
  } else {
    static_assert(detail::never<T>, "this type cannot be a field: declare it with ENSEMBLE_FIELDS "
                                    "or ENSEMBLE_ENUM in its own namespace");
  }
}

namespace detail {

template <class T>
void write_field(field_writer& w, std::string_view name, const T& value) {
  w.field(name);
  write_value(w, value);
}

template <class T>
void read_field(field_reader& r, std::string_view name, T& value) {
  if (!r.enter_field(name)) return;
  read_value(r, value);
  r.leave();
}

} // namespace detail
} // namespace ensemble

// Applies a macro to each argument, up to 256 of them (the recursion trick of C++20's __VA_OPT__).
#define ENSEMBLE_PARENS ()
#define ENSEMBLE_EXPAND(...)                                                                       \
  ENSEMBLE_EXPAND3(ENSEMBLE_EXPAND3(ENSEMBLE_EXPAND3(ENSEMBLE_EXPAND3(__VA_ARGS__))))
#define ENSEMBLE_EXPAND3(...)                                                                      \
  ENSEMBLE_EXPAND2(ENSEMBLE_EXPAND2(ENSEMBLE_EXPAND2(ENSEMBLE_EXPAND2(__VA_ARGS__))))
#define ENSEMBLE_EXPAND2(...)                                                                      \
  ENSEMBLE_EXPAND1(ENSEMBLE_EXPAND1(ENSEMBLE_EXPAND1(ENSEMBLE_EXPAND1(__VA_ARGS__))))
#define ENSEMBLE_EXPAND1(...) __VA_ARGS__
#define ENSEMBLE_FOR_EACH(macro, ...)                                                              \
  __VA_OPT__(ENSEMBLE_EXPAND(ENSEMBLE_FOR_EACH_NEXT(macro, __VA_ARGS__)))
#define ENSEMBLE_FOR_EACH_NEXT(macro, first, ...)                                                  \
  macro(first) __VA_OPT__(ENSEMBLE_FOR_EACH_AGAIN ENSEMBLE_PARENS(macro, __VA_ARGS__))
#define ENSEMBLE_FOR_EACH_AGAIN() ENSEMBLE_FOR_EACH_NEXT

#define ENSEMBLE_WRITE_FIELD(name)                                                                 \
  ::ensemble::detail::write_field(ensemble_writer, #name, ensemble_value.name);
#define ENSEMBLE_READ_FIELD(name)                                                                  \
  ::ensemble::detail::read_field(ensemble_reader, #name, ensemble_value.name);
#define ENSEMBLE_ENUM_NAME(name)                                                                   \
  case ensemble_enum::name:                                                                        \
    return #name;
#define ENSEMBLE_ENUM_VALUE(name)                                                                  \
  if (ensemble_text == #name) {                                                                    \
    ensemble_value = ensemble_enum::name;                                                          \
    return true;                                                                                   \
  }

/// Declares the fields of a nested struct or of a state. Write it in the struct's own namespace.
#define ENSEMBLE_FIELDS(type, ...)                                                                 \
  [[maybe_unused]] inline void ensemble_write_fields(                                              \
      [[maybe_unused]] ::ensemble::field_writer& ensemble_writer,                                  \
      [[maybe_unused]] const type& ensemble_value) {                                               \
    ENSEMBLE_FOR_EACH(ENSEMBLE_WRITE_FIELD, __VA_ARGS__)                                           \
  }                                                                                                \
  [[maybe_unused]] inline void ensemble_read_fields(                                               \
      [[maybe_unused]] ::ensemble::field_reader& ensemble_reader,                                  \
      [[maybe_unused]] type& ensemble_value) {                                                     \
    ENSEMBLE_FOR_EACH(ENSEMBLE_READ_FIELD, __VA_ARGS__)                                            \
  }

/// Declares the values of an enumeration. They are stored by name.
#define ENSEMBLE_ENUM(type, ...)                                                                   \
  [[maybe_unused]] inline ::std::string_view ensemble_enum_name(type ensemble_value) {             \
    using ensemble_enum = type;                                                                    \
    switch (ensemble_value) { ENSEMBLE_FOR_EACH(ENSEMBLE_ENUM_NAME, __VA_ARGS__) }                 \
    return "";                                                                                     \
  }                                                                                                \
  [[maybe_unused]] inline bool ensemble_enum_value(::std::string_view ensemble_text,               \
                                                   type& ensemble_value) {                         \
    using ensemble_enum = type;                                                                    \
    ENSEMBLE_FOR_EACH(ENSEMBLE_ENUM_VALUE, __VA_ARGS__)                                            \
    return false;                                                                                  \
  }
