#include "orders/input/csv_reader.hpp"

#include <ensemble/error.hpp>

namespace orders {

namespace {
constexpr int end_of_file = std::istream::traits_type::eof();
}

bool csv_reader::next(csv_record& record) {
  while (in_.peek() == '\n' || in_.peek() == '\r') take();
  if (in_.bad()) refuse(line_, "the file cannot be read");
  if (in_.peek() == end_of_file) return false;
  taken_ = 0;
  record_line_ = record.line = line_;
  record.fields.clear();
  while (read_field(record.fields.emplace_back()))
    ;
  return true;
}

/// Reads a field and what ends it; true if another field follows.
bool csv_reader::read_field(std::string& field) {
  if (in_.peek() == '"') read_quoted(field);
  for (;;) {
    const int c = take();
    switch (c) {
    case ',': return true;
    case end_of_file:
    case '\n': return false;
    case '\r':
      if (in_.peek() == '\n') take();
      return false;
    case '"': refuse(line_, "a quote inside a field: put the field in quotes, and double this one");
    default: field += static_cast<char>(c);
    }
  }
}

void csv_reader::read_quoted(std::string& field) {
  const auto opened = line_;
  take();
  for (;;) {
    const int c = take();
    if (c == end_of_file) refuse(opened, "the quote that opens here is never closed");
    if (c != '"') {
      field += static_cast<char>(c);
      continue;
    }
    const int after = in_.peek();
    if (after == '"') {
      field += '"';
      take();
      continue;
    }
    if (after != ',' && after != '\n' && after != '\r' && after != end_of_file)
      refuse(line_, "text behind a closing quote: double a quote that stands inside a field");
    return;
  }
}

int csv_reader::take() {
  const int c = in_.get();
  if (in_.bad()) refuse(line_, "the file cannot be read");
  if (c == '\n') ++line_;
  if (++taken_ > longest_record)
    refuse(record_line_, "the record that begins here is longer than " +
                             std::to_string(longest_record) + " bytes; is a quote not closed?");
  return c;
}

void csv_reader::refuse(std::size_t line, const std::string& why) const {
  throw ensemble::error(ensemble::errc::bad_argument,
                        name_ + ", line " + std::to_string(line) + ": " + why);
}

} // namespace orders
