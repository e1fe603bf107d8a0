#include "runtime/subscription_book.hpp"

#include "runtime/book_rows.hpp"

namespace ensemble::internal {

/// A row of the book; its key is the position, in twenty digits.
struct parked_row {
  std::string event{};
  std::string stream{};
  std::string order_key{};
  std::string cause{};
  int attempts{};
  timestamp time{};
};
ENSEMBLE_MESSAGE_NAMED(parked_row, "ensemble.parked_row", 1, event, stream, order_key, cause,
                       attempts, time)

namespace {

constexpr std::string_view checkpoint_row = "checkpoint"; // behind all digits

} // namespace

std::string book_of(std::string_view subscription) {
  return "ensemble.subscription." + std::string(subscription);
}

std::string parked_row_key(position at) {
  const auto digits = std::to_string(at.value);
  return std::string(20 - digits.size(), '0') + digits;
}

book_change make_subscription_checkpoint(std::string_view subscription, position up_to) {
  return {book_of(subscription), std::string(checkpoint_row), std::to_string(up_to.value)};
}

book_change make_change(std::string_view subscription, const parked_event& row) {
  const parked_row stored{row.event, row.stream, row.order_key, row.cause, row.attempts, row.time};
  return {book_of(subscription), parked_row_key(row.position), message(stored).text()};
}

book_change make_end(std::string_view subscription, position parked) {
  return {book_of(subscription), parked_row_key(parked), std::nullopt};
}

std::variant<position, parked_event> read_row(std::string_view subscription, const book_row& row) {
  const auto book = book_of(subscription);
  if (row.key == checkpoint_row) return read_book_position(book, row.value);
  const auto stored = read_book_row<parked_row>(book, row);
  return parked_event{read_book_position(book, row.key),
                      stored.event,
                      stored.stream,
                      stored.order_key,
                      stored.cause,
                      stored.attempts,
                      stored.time};
}

} // namespace ensemble::internal
