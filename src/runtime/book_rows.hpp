#pragma once

#include <ensemble/journal.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

// The rows of the engine's books are read at the start. Their checksums hold, but an older or
// another program may have written them: whatever they say is an error that names the book.

namespace ensemble::internal {

[[noreturn]] inline void refuse_row(std::string_view book, const std::string& why) {
  throw error(errc::journal_damaged,
              "book '" + std::string(book) + "' holds a row that cannot be read: " + why);
}

/// The value of a row as a message. Throws errc::journal_damaged.
template <message_struct T>
[[nodiscard]] T read_book_row(std::string_view book, const book_row& row) {
  try {
    return message::decode(type_of<T>(), row.value).template as<T>();
  } catch (const error& e) {
    refuse_row(book, e.what());
  }
}

/// A position in decimal digits, and nothing else. Throws errc::journal_damaged.
[[nodiscard]] inline position read_book_position(std::string_view book, std::string_view digits) {
  position at;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, at.value);
  if (read.ec != std::errc{} || read.ptr != end)
    refuse_row(book, "'" + std::string(digits) + "' is no position");
  return at;
}

} // namespace ensemble::internal
