#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Deciders over several entities (rule 12): their definition, and how they are tested.

namespace several {

struct entry {
  std::string account{};
  int amount{};
};
ENSEMBLE_FIELDS(entry, account, amount)
/// Moves money between accounts; the amounts add up to zero.
struct transfer {
  std::vector<entry> entries{};
};
struct moved {
  int amount{};
  int balance{};
};
struct fee_charged {
  int amount{};
};
struct open_account {
  std::string account{};
};
struct opened {
  int balance{};
};
ENSEMBLE_MESSAGE(transfer, 1, entries)
ENSEMBLE_MESSAGE(moved, 1, amount, balance)
ENSEMBLE_MESSAGE(fee_charged, 1, amount)
ENSEMBLE_MESSAGE(open_account, 1, account)
ENSEMBLE_MESSAGE(opened, 1, balance)

struct account {
  int balance = 0;
  void apply(const moved& e) { balance = e.balance; }
  void apply(const fee_charged& e) { balance -= e.amount; }
  void apply(const opened& e) { balance = e.balance; }
};

std::vector<std::string> accounts_of(const transfer& c) {
  std::vector<std::string> all;
  for (const auto& e : c.entries) all.push_back(e.account);
  return all;
}

ensemble::decision_on_all<moved, fee_charged> move(const ensemble::entities<account>& all,
                                                   const transfer& c) {
  if (all.home().balance < 0) return ensemble::reject("the first account is overdrawn");
  ensemble::decision_on_all<moved, fee_charged> made;
  for (const auto& e : c.entries) {
    const int balance = all.at(e.account).balance + e.amount;
    if (balance < 0) return ensemble::reject("account " + e.account + " has too little");
    if (e.amount != 0) made.add(ensemble::on(e.account, moved{e.amount, balance}));
  }
  if (c.entries.size() == 3) made.add(fee_charged{1}); // without a key: of the first account
  return made;
}

ensemble::service_definition bank() {
  return ensemble::service<account>("bank")
      .on_all<transfer>(accounts_of, move)
      .on<open_account>(&open_account::account,
                        [](const account& a, const open_account&) -> ensemble::decision<opened> {
                          return opened{a.balance + 10};
                        });
}

} // namespace several

namespace ensemble {
namespace {

using namespace several;

template <class Check>
std::string failure(Check check) {
  try {
    check();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "it passed";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SeveralEntities, AreDecidedOnTogetherAndEachGetsItsEvents) {
  given(bank())
      .entity("a", opened{10})
      .entity("b", opened{1})
      .when(transfer{{{"a", -4}, {"b", 3}, {"c", 1}}})
      .then(on("a", moved{-4, 6}), fee_charged{1}, on("b", moved{3, 4}), on("c", moved{1, 1}));
  // Between streams the order of a decision does not matter: it is that of the keys.
  given(bank())
      .entity("a", opened{10})
      .when(transfer{{{"a", -1}, {"b", 1}}})
      .then(on("b", moved{1, 1}), on("a", moved{-1, 9}));
}

TEST(SeveralEntities, AreRefusedTogether) {
  given(bank())
      .entity("a", opened{3})
      .when(transfer{{{"b", 4}, {"a", -4}}})
      .then_rejected("account a has too little");
  given(bank())
      .entity("a", opened{-1})
      .when(transfer{{{"a", 4}, {"b", -4}}})
      .then_rejected("the first account is overdrawn");
  given(bank()).when(transfer{{{"a", 0}}}).then_nothing();
}

TEST(SeveralEntities, AlsoTakeCommandsForOne) {
  given(bank())
      .entity("a", opened{3})
      .entity("b", opened{5})
      .when(open_account{"b"})
      .then(opened{15});
  given(bank(), opened{3}).when(open_account{"b"}).then(opened{13});
}

TEST(SeveralEntities, DifferencesNameTheEntity) {
  const auto text = failure([] {
    given(bank())
        .entity("a", opened{3})
        .when(transfer{{{"a", -1}, {"b", 1}}})
        .then(on("a", moved{-1, 2}), on("b", moved{1, 2}));
  });
  EXPECT_TRUE(contains(text, R"(  > on 'b': moved {"amount":1,"balance":2})")) << text;
  EXPECT_TRUE(contains(text, R"(  > on 'b': moved {"amount":1,"balance":1})")) << text;
}

TEST(SeveralEntities, AHistoryMustSayWhose) {
  EXPECT_TRUE(contains(failure([] {
                         given(bank(), opened{3}).when(transfer{{{"a", 0}}}).then_nothing();
                       }),
                       "say whose events these are"));
  EXPECT_TRUE(contains(
      failure([] { given(bank(), opened{3}).entity("a").when(open_account{"a"}).then_nothing(); }),
      "give every history its entity, or none"));
  EXPECT_TRUE(contains(
      failure([] {
        given(bank()).entity("a", opened{3}).when(open_account{"a"}).then(on("b", opened{13}));
      }),
      R"(> on 'b': opened)"));
}

std::string refusal(std::vector<std::string> keys) {
  try {
    detail::check_keys(keys);
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_message);
    return e.what();
  }
  return "taken";
}

TEST(SeveralEntities, KeysAreOneToAThousandAndDistinct) {
  std::vector<std::string> many;
  for (std::size_t n = 0; n < most_keys; ++n) many.push_back(std::to_string(n));
  EXPECT_EQ(refusal(many), "taken");
  many.emplace_back("one more");
  EXPECT_TRUE(contains(refusal(many), "names 1001 entities, more than 1000"));
  EXPECT_TRUE(contains(refusal({}), "there is none"));
  EXPECT_TRUE(contains(refusal({"a", "b", "a"}), "'a' is named twice"));
  EXPECT_TRUE(contains(refusal({"a", ""}), "it is empty"));
  EXPECT_TRUE(
      contains(failure([] { given(bank()).when(transfer{}).then_nothing(); }), "there is none"));
}

TEST(SeveralEntities, AForeignKeyIsAnErrorWhenReadAndWhenWritten) {
  using ensemble::decision_on_all;
  const auto reads = [] {
    return service<account>("reads").on_all<transfer>(
        accounts_of, [](const entities<account>& all, const transfer&) -> decision_on_all<moved> {
          return moved{all.at("elsewhere").balance, static_cast<int>(all.size())};
        });
  };
  EXPECT_TRUE(contains(failure([&] {
                         given(reads()).when(transfer{{{"a", 1}}}).then_nothing();
                       }),
                       "'elsewhere' is not among the keys"));
  const auto writes = [] {
    return service<account>("writes").on_all<transfer>(
        accounts_of, [](const entities<account>&, const transfer&) -> decision_on_all<moved> {
          return on("elsewhere", moved{});
        });
  };
  EXPECT_TRUE(contains(failure([&] {
                         given(writes()).when(transfer{{{"a", 1}}}).then_nothing();
                       }),
                       "'elsewhere' is not among the keys"));
}

TEST(SeveralEntities, TheirDefinitionNamesCommandAndOutcomes) {
  const auto service = bank();
  const auto* handler = service.find("transfer");
  ASSERT_NE(handler, nullptr);
  EXPECT_EQ(handler->keys(message(transfer{{{"a", 1}, {"b", 2}}})),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(handler->key);
  EXPECT_FALSE(handler->decide);
  ASSERT_EQ(handler->outcomes.size(), 2U);
  EXPECT_EQ(handler->outcomes[1]->name, "fee_charged");
}

} // namespace
} // namespace ensemble
