#include "node/ownership.hpp"

#include "runtime/book_rows.hpp"

namespace ensemble::node {

namespace {

std::string row_of(const owner& o) { return message(o).text(); }

std::optional<std::string> row_of(const std::optional<owner>& o) {
  return o ? std::optional(row_of(*o)) : std::nullopt;
}

} // namespace

std::optional<owner> owner_of(journal_reader& from, std::string_view shard) {
  if (shard.empty()) throw error(errc::bad_argument, "owner_of(): a shard needs a name");
  // Of all rows behind a key that is just before the wanted one, the first is it, or it is missing.
  auto before = std::string(shard);
  before.pop_back();
  for (auto page = from.read_book(owners_book, before); !page.empty();
       page = from.read_book(owners_book, page.back().key))
    for (const auto& row : page) {
      if (row.key > shard) return std::nullopt;
      if (row.key == shard) return internal::read_book_row<owner>(owners_book, row);
    }
  return std::nullopt;
}

owner next_owner(const std::optional<owner>& before, std::string_view node) {
  return {std::string(node), before ? before->epoch + 1 : 1};
}

append_request claim(std::string_view shard, const std::optional<owner>& before,
                     const owner& next) {
  append_request made;
  made.essential = true;
  made.expected_rows = {{std::string(owners_book), std::string(shard), row_of(before)}};
  made.books = {{std::string(owners_book), std::string(shard), row_of(next)}};
  return made;
}

book_expectation still_owned(std::string_view shard, const owner& by) {
  return {std::string(owners_book), std::string(shard), row_of(by)};
}

} // namespace ensemble::node
