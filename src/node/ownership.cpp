#include "node/ownership.hpp"

#include "runtime/book_rows.hpp"

namespace ensemble::node {

std::optional<ownership> owner_of(journal_reader& from, std::string_view shard) {
  if (shard.empty()) throw error(errc::bad_argument, "owner_of(): a shard needs a name");
  auto before = std::string(shard);
  before.pop_back(); // rows are read behind a key: so those from there on to the shard's
  for (auto page = from.read_book(owners_book, before); !page.empty();
       page = from.read_book(owners_book, page.back().key))
    for (const auto& row : page) {
      if (row.key > shard) return std::nullopt;
      if (row.key == shard)
        return ownership{internal::read_book_row<owner>(owners_book, row), row.value};
    }
  return std::nullopt;
}

ownership next_owner(const std::optional<ownership>& before, std::string_view node,
                     incarnation_id incarnation) {
  owner by{std::string(node), to_string(incarnation), before ? before->by.epoch + 1 : 1};
  auto row = message(by).text();
  return {std::move(by), std::move(row)};
}

append_request claim(std::string_view shard, const std::optional<ownership>& before,
                     const ownership& next) {
  append_request made;
  made.essential = true;
  made.expected_rows = {{std::string(owners_book), std::string(shard),
                         before ? std::optional(before->row) : std::nullopt}};
  made.books = {{std::string(owners_book), std::string(shard), next.row}};
  return made;
}

book_expectation still_owned(std::string_view shard, const ownership& own) {
  return {std::string(owners_book), std::string(shard), own.row};
}

} // namespace ensemble::node
