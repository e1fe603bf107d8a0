// What every adapter of the journal port does with books.

#include "journal/contract.hpp"

namespace journal_tests {

namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class JournalBooks : public JournalContract {};

TEST_P(JournalBooks, ChangeWithTheEventsOfTheirRequest) {
  auto both = append("a-1", event(1));
  both.books = {{"open", std::string("\0k", 2), "one"},
                {"open", "b", std::string("\xFF\0", 2)},
                {"other", "b", "two"}};
  commit(both);
  EXPECT_THAT(reader().read_book("open"), ElementsAre(book_row{std::string("\0k", 2), "one"},
                                                      book_row{"b", std::string("\xFF\0", 2)}));
  commit({book("open", "b", ""), book("open", std::string("\0k", 2), std::nullopt),
          book("open", "never there", std::nullopt)});
  EXPECT_THAT(reader().read_book("open"), ElementsAre(book_row{"b", ""}));
  EXPECT_THAT(reader().read_book("other"), ElementsAre(book_row{"b", "two"}));
  EXPECT_EQ(reader().head(), position{1});
}

TEST_P(JournalBooks, AreReadInPages) {
  append_request rows;
  for (const char* key : {"b", "a", "ab", "\xFF", "c"}) rows.books.push_back({"open", key, key});
  commit(rows);
  std::vector<std::string> keys;
  for (auto page = reader().read_book("open", "", 2); !page.empty();
       page = reader().read_book("open", page.back().key, 2)) {
    EXPECT_LE(page.size(), 2U);
    for (const auto& row : page) keys.push_back(row.key);
  }
  EXPECT_THAT(keys, ElementsAre("a", "ab", "b", "c", "\xFF"));
  EXPECT_THAT(reader().read_book("open", "aa", 1), ElementsAre(book_row{"ab", "ab"}));
  EXPECT_THAT(reader().read_book("open", "", 0), IsEmpty());
}

TEST_P(JournalBooks, ARowThatIsNotAsExpectedKeepsTheWholeRequestOut) {
  const auto fenced = [](append_request r, const std::string& key,
                         std::optional<std::string> value) {
    r.expected_rows = {{"open", key, std::move(value)}};
    return r;
  };
  commit(book("open", std::string("\0k", 2), "one"));
  auto both = append("a-1", event(1));
  both.books = {{"open", "k", "new"}};
  for (const auto& late :
       {fenced(both, std::string("\0k", 2), "another"),
        fenced(both, std::string("\0k", 2), std::nullopt), fenced(both, "k", "")}) {
    const auto result = commit(late);
    EXPECT_EQ(result.state, status::fenced);
    EXPECT_THAT(result.lengths, IsEmpty());
  }
  EXPECT_EQ(reader().head(), position{0});
  EXPECT_THAT(reader().read_book("open"), ElementsAre(book_row{std::string("\0k", 2), "one"}));
  EXPECT_EQ(commit(fenced(both, std::string("\0k", 2), "one")).state, status::appended);
  EXPECT_EQ(commit(fenced(append("a-1", event(2)), "never", std::nullopt)).state, status::appended);
  EXPECT_EQ(commit(fenced(append("a-1", event(1)), "k", "gone")).state, status::repeated)
      << "what stands there is told, whoever owns it now";
}

TEST_P(JournalBooks, OfThoseThatExpectTheSameRowOneSucceeds) {
  std::vector<append_request> all;
  for (const char* name : {"anna", "berta", "clara"}) {
    all.push_back(book("owners", "shard", name));
    all.back().expected_rows = {{"owners", "shard", std::nullopt}};
  }
  append_request question; // writes nothing: it asks whether the row is still so
  question.expected_rows = {{"owners", "shard", "anna"}};
  all.push_back(question);
  question.expected_rows.push_back({"owners", "shard", "berta"});
  all.push_back(question);
  EXPECT_THAT(commit(all), ElementsAre(Field(&append_result::state, status::appended),
                                       Field(&append_result::state, status::fenced),
                                       Field(&append_result::state, status::fenced),
                                       Field(&append_result::state, status::appended),
                                       Field(&append_result::state, status::fenced)));
  auto erases = book("owners", "shard", std::nullopt);
  erases.expected_rows = {{"owners", "shard", "anna"}};
  auto anew = book("owners", "shard", "clara");
  anew.expected_rows = {{"owners", "shard", std::nullopt}};
  EXPECT_THAT(commit({erases, anew}), Each(Field(&append_result::state, status::appended)))
      << "a request sees what those before it changed";
  EXPECT_THAT(reader().read_book("owners"), ElementsAre(book_row{"shard", "clara"}));
}

INSTANTIATE_TEST_SUITE_P(Adapters, JournalBooks, testing::ValuesIn(adapters()),
                         [](const auto& tested) { return std::string(tested.param.name); });

} // namespace

} // namespace journal_tests
