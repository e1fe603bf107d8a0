#include "model/message_registry.hpp"
#include "model/samples.hpp"

#include <gtest/gtest.h>

namespace registry_samples {

struct order_created { // another type with a name that is taken
  int number{};
};
ENSEMBLE_MESSAGE(order_created, 1, number)

struct named {};
ENSEMBLE_MESSAGE_NAMED(named, "shop.named_2", 2)

struct engine_event {};
ENSEMBLE_MESSAGE_NAMED(engine_event, "ensemble.event", 1)

} // namespace registry_samples

namespace ensemble {
namespace {

/// What is thrown, as "code: text".
template <class Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return "nothing";
}

std::string adding(std::string_view name, int schema_version = 1) {
  const message_type type{name, schema_version, {}, {}};
  return thrown([&] { message_registry{}.add(type); });
}

TEST(MessageRegistry, FindsWhatWasAdded) {
  message_registry registry;
  registry.add(type_of<samples::ping>());
  EXPECT_EQ(registry.find("ping"), &type_of<samples::ping>());
  EXPECT_EQ(registry.find("pong"), nullptr);
}

TEST(MessageRegistry, SameTypeAgainIsFine) {
  message_registry registry;
  registry.add(type_of<samples::ping>());
  registry.add(type_of<samples::ping>());
  EXPECT_EQ(registry.find("ping"), &type_of<samples::ping>());
}

TEST(MessageRegistry, AnotherTypeUnderOneNameIsRefused) {
  message_registry registry;
  registry.add(type_of<samples::order_created>());
  const auto what = thrown([&] { registry.add(type_of<registry_samples::order_created>()); });
  EXPECT_EQ(what.find("duplicate_message: message 'order_created': two types have this name"), 0U)
      << what;
  EXPECT_EQ(registry.find("order_created"), &type_of<samples::order_created>());
}

TEST(MessageRegistry, NamesAreChecked) {
  for (const auto* name : {"a", "order_created", "orders.v2.created", "a_", "a1"})
    EXPECT_EQ(adding(name), "nothing");
  for (const auto* name :
       {"", "A", "1a", "_a", ".a", "orderCreated", "a-b", "a b", "\xC3\xBC", "a/b"})
    EXPECT_EQ(adding(name).find("bad_definition: message "), 0U) << name;
}

TEST(MessageRegistry, NamesHaveAtMost200Bytes) {
  EXPECT_EQ(adding(std::string(200, 'a')), "nothing");
  EXPECT_NE(adding(std::string(201, 'a')).find("at most 200 bytes"), std::string::npos);
}

TEST(MessageRegistry, SchemaVersionsBeginAtOne) {
  EXPECT_EQ(adding("a", 0), "bad_definition: message 'a': schema versions begin at 1");
}

TEST(MessageRegistry, NamesOfTheEngineAreKeptForIt) {
  message_registry registry;
  const auto& engine = type_of<registry_samples::engine_event>();
  EXPECT_EQ(thrown([&] { registry.add(engine); }).find("bad_definition"), 0U);
  registry.add_engine(engine);
  EXPECT_EQ(registry.find("ensemble.event"), &engine);
  EXPECT_EQ(thrown([&] { registry.add_engine(type_of<samples::ping>()); }).find("bad_definition"),
            0U);
}

TEST(MessageRegistry, DecodesByNameAlsoOlderVersions) {
  message_registry registry;
  registry.add(type_of<registry_samples::named>());
  registry.add(type_of<samples::order_created>());
  EXPECT_TRUE(registry.decode("shop.named_2", 1, "{}").is<registry_samples::named>());
  EXPECT_TRUE(registry.decode("shop.named_2", 2, "{}").is<registry_samples::named>());
  const auto order = registry.decode("order_created", 1, R"({"order_id":"o1"})");
  EXPECT_EQ(order.as<samples::order_created>().order_id, "o1");
}

TEST(MessageRegistry, UnknownNameNamesTheRemedy) {
  EXPECT_EQ(thrown([] { (void)message_registry{}.decode("ping", 1, "{}"); }),
            "unknown_message: message 'ping' is not known: host the service or register the "
            "process that declares it");
}

TEST(MessageRegistry, NewerSchemaIsRefused) {
  message_registry registry;
  registry.add(type_of<samples::ping>());
  EXPECT_EQ(thrown([&] { (void)registry.decode("ping", 2, "{}"); }),
            "newer_schema: message 'ping' was stored under schema version 2, but this program "
            "knows only 1: run the newer program");
}

TEST(MessageRegistry, TextThatDoesNotFitIsABadMessage) {
  message_registry registry;
  registry.add(type_of<samples::ping>());
  EXPECT_EQ(thrown([&] { (void)registry.decode("ping", 1, ""); }),
            "bad_message: ping: not valid JSON at byte 1");
}

} // namespace
} // namespace ensemble
