#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace orders {

/// One record of a CSV file.
struct csv_record {
  std::size_t line = 0; ///< the line that it begins on, from 1
  std::vector<std::string> fields{};
};

/// Reads CSV as RFC 4180 has it: fields apart by commas, records by LF or CRLF; a field in double
/// quotes may hold all of these, and a quote as two. Lines without anything are passed over. Keeps
/// one record in memory. The stream must outlive the reader.
class csv_reader {
public:
  /// The longest record, in bytes: what is longer is not CSV, or a quote that was never closed.
  static constexpr std::size_t longest_record = 1024 * 1024;

  /// `name` is what errors call the input.
  csv_reader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// Reads the next record; false at the end. Throws errc::bad_argument, naming the line, for a
  /// quote that is not closed or stands inside a field, for a record that is too long, and for a
  /// file that cannot be read.
  bool next(csv_record& record);

private:
  bool read_field(std::string& field);
  void read_quoted(std::string& field);
  int take();
  [[noreturn]] void refuse(std::size_t line, const std::string& why) const;

  std::istream& in_;
  std::string name_;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
  std::size_t taken_ = 0; ///< bytes of this record
};

} // namespace orders
