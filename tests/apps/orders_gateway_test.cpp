#include "apps/forged_journal.hpp"
#include "orders/gateway/payment_by_gateway.hpp"

#include <ensemble/error.hpp>
#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace orders {
namespace {

using ensemble::direction;

/// A file of its own for each test.
class OrdersGateway : public testing::Test {
protected:
  OrdersGateway()
      : path_(testing::TempDir() + "gateway-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(path_);
  }
  ~OrdersGateway() override { std::filesystem::remove(path_); }

  [[nodiscard]] std::vector<gateway_entry> entries() const {
    std::vector<gateway_entry> all;
    read_gateway_file(path_, [&](gateway_entry e) { all.push_back(std::move(e)); });
    return all;
  }
  void append(const std::string& text) const {
    std::ofstream(path_, std::ios::app | std::ios::binary) << text;
  }

  std::string path_;
};

TEST_F(OrdersGateway, ChargesOnceForARepeatAlsoAfterARestart) {
  for (int run = 0; run < 2; ++run) {
    payment_gateway gateway(path_);
    gateway.charge("k1", "o 1", money{5});
    gateway.charge("k1", "o 1", money{5});
  }
  EXPECT_EQ(entries(),
            (std::vector<gateway_entry>{{gateway_operation::charge, "k1", "o 1", money{5}}}));
}

TEST_F(OrdersGateway, RefusesAKeyThatStandsForAnotherRequest) {
  payment_gateway gateway(path_);
  gateway.charge("k1", "o1", money{5});
  EXPECT_THROW(gateway.charge("k1", "o1", money{6}), gateway_refusal);
  EXPECT_THROW(gateway.charge("k1", "o2", money{5}), gateway_refusal);
  EXPECT_THROW(gateway.refund("k1", "k1", "o1", money{5}), gateway_refusal);
}

TEST_F(OrdersGateway, RefundsWhatWasChargedOnce) {
  payment_gateway gateway(path_);
  EXPECT_THROW(gateway.refund("r1", "k1", "o1", money{5}), gateway_refusal);
  gateway.charge("k1", "o1", money{5});
  EXPECT_THROW(gateway.refund("r1", "k1", "o1", money{6}), gateway_refusal);
  gateway.refund("r1", "k1", "o1", money{5});
  gateway.refund("r1", "k1", "o1", money{5});
  EXPECT_EQ(entries().size(), 2U);
}

TEST_F(OrdersGateway, ACancelBlocksAKeyThatWasNeverSeen) {
  {
    payment_gateway gateway(path_);
    gateway.cancel("k1", "o1");
    gateway.cancel("k1", "o1");
    EXPECT_THROW(gateway.charge("k1", "o1", money{5}), gateway_refusal);
  }
  payment_gateway again(path_);
  EXPECT_THROW(again.charge("k1", "o1", money{5}), gateway_refusal);
  EXPECT_EQ(entries().size(), 1U);
}

TEST_F(OrdersGateway, ACancelAfterAChargeTakesItBack) {
  {
    payment_gateway gateway(path_);
    gateway.charge("k1", "o1", money{5});
    gateway.cancel("k1", "o1");
    EXPECT_THROW(gateway.charge("k1", "o1", money{5}), gateway_refusal);
    EXPECT_THROW(gateway.refund("r1", "k1", "o1", money{5}), gateway_refusal);
  }
  payment_gateway again(path_);
  EXPECT_THROW(again.charge("k1", "o1", money{5}), gateway_refusal);
}

TEST_F(OrdersGateway, ATornLastLineIsCutAndTheNextOneIsWhole) {
  { payment_gateway(path_).charge("k1", "o1", money{5}); }
  append("{\"operation\":\"charge\",\"key\":\"k2\"");
  {
    payment_gateway gateway(path_);
    gateway.charge("k2", "o2", money{6});
  }
  ASSERT_EQ(entries().size(), 2U);
  EXPECT_EQ(entries()[1].amount, money{6});
}

TEST_F(OrdersGateway, AFileOfAnotherKindIsRefusedByLine) {
  { payment_gateway(path_).charge("k1", "o1", money{5}); }
  for (const auto* line : {"nonsense", "{}", "[1]", "{\"operation\":\"steal\",\"key\":\"k\"}",
                           "{\"operation\":\"charge\",\"key\":7,\"order\":\"o\",\"cents\":1}"}) {
    const auto length = std::filesystem::file_size(path_);
    append(std::string(line) + "\n");
    try {
      payment_gateway gateway(path_);
      FAIL() << line;
    } catch (const ensemble::error& e) {
      EXPECT_EQ(e.what(), path_ + ", line 2: not a line of a payment gateway's file");
    }
    std::filesystem::resize_file(path_, length);
  }
}

TEST_F(OrdersGateway, AnswersSeveralThreads) {
  payment_gateway gateway(path_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&gateway, t] {
      for (int n = 0; n < 25; ++n) // every key from two threads
        gateway.charge("k" + std::to_string(t / 2 * 25 + n), "o", money{5});
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(entries().size(), 50U);
}

TEST_F(OrdersGateway, PaymentAsksItUnderTheKeyOfTheCommand) {
  const auto gateway = std::make_shared<payment_gateway>(path_);
  const auto service = payment_by_gateway(gateway, {});
  ensemble::given(service)
      .when(authorise_payment{"o1", money{5}}, "k1")
      .then(payment_authorised{"o1", "k1", money{5}});
  ensemble::given(service)
      .when(refund_payment{"o1", "k1", money{5}}, "r1")
      .then(payment_refunded{"o1", "k1", money{5}});
  EXPECT_EQ(entries().size(), 2U);
  EXPECT_TRUE(service.find("authorise_payment")->cancel);
}

TEST_F(OrdersGateway, PaymentDeclinesWithoutAskingIt) {
  const auto gateway = std::make_shared<payment_gateway>(path_);
  ensemble::given(payment_by_gateway(gateway, {1, 0, 0, 1}))
      .when(authorise_payment{"o1", money{5}}, "k1")
      .then(payment_declined{"o1", "payment declined"});
  EXPECT_TRUE(entries().empty());
}

// --- the ledger against the journal ---

class GatewayLedger : public OrdersGateway {
protected:
  [[nodiscard]] static std::string key(ensemble::instance_id i, direction d) {
    return to_string(ensemble::make_command_id(i, "payment", d, 0));
  }
  [[nodiscard]] std::string broken() const { return journal_.broken({path_, {}}); }

  /// o1 is fulfilled, o2 compensated; both stand in the gateway's file.
  void both_right() {
    payment_gateway gateway(path_);
    journal_.fulfilled("o1");
    journal_.compensated("o2");
    const auto one = ensemble::make_instance_id({2}, "order_fulfilment");
    const auto two = ensemble::make_instance_id({8}, "order_fulfilment");
    gateway.charge(key(one, direction::forward), "o1", money{300});
    gateway.charge(key(two, direction::forward), "o2", money{300});
    gateway.refund(key(two, direction::undo), key(two, direction::forward), "o2", money{300});
  }

  forged_journal journal_;
};

TEST_F(GatewayLedger, HoldsWhenBothBooksAgree) {
  both_right();
  EXPECT_EQ(broken(), "");
  EXPECT_EQ(journal_.report({path_, {}}).gateway_operations, 3U);
}

TEST_F(GatewayLedger, SeesAChargeThatTheJournalDoesNotKnow) {
  both_right();
  { payment_gateway(path_).charge("stray", "o1", money{300}); }
  EXPECT_EQ(broken(), "G3");
  { payment_gateway(path_).cancel("stray", "o1"); }
  EXPECT_EQ(broken(), "");
}

TEST_F(GatewayLedger, ToleratesAChargeWithoutOutcomeWhileAnOrderIsOpen) {
  both_right();
  const auto open = journal_.created("o3");
  { payment_gateway(path_).charge(key(open, direction::forward), "o3", money{300}); }
  EXPECT_EQ(broken(), "");
}

TEST_F(GatewayLedger, SeesAPaymentThatTheGatewayDoesNotKnow) {
  both_right();
  journal_.fulfilled("o3");
  EXPECT_EQ(broken(), "G3");
}

TEST_F(GatewayLedger, SeesADoubleCharge) {
  both_right();
  const auto one = ensemble::make_instance_id({2}, "order_fulfilment");
  append(to_line({gateway_operation::charge, key(one, direction::forward), "o1", money{300}}));
  EXPECT_EQ(broken(), "G3");
}

TEST_F(GatewayLedger, SeesAnotherAmount) {
  const auto i = journal_.created("o1");
  { payment_gateway(path_).charge(key(i, direction::forward), "o1", money{299}); }
  journal_.authorised(i, "o1");
  EXPECT_EQ(broken(), "G3");
}

TEST_F(GatewayLedger, SeesAVoidedPaymentWhoseChargeStands) {
  const auto i = journal_.created("o1");
  { payment_gateway(path_).charge(key(i, direction::forward), "o1", money{300}); }
  journal_.voided(i, "payment", "payment-o1");
  EXPECT_EQ(broken(), "G4");
  { payment_gateway(path_).cancel(key(i, direction::forward), "o1"); }
  EXPECT_EQ(broken(), "");
}

TEST_F(GatewayLedger, SeesAVoidedPaymentWhoseKeyIsNotBlocked) {
  both_right();
  const auto i = journal_.created("o3");
  journal_.voided(i, "payment", "payment-o3");
  EXPECT_EQ(broken(), "G4");
}

TEST_F(GatewayLedger, SeesAPaymentThatWasCancelled) {
  both_right();
  const auto one = ensemble::make_instance_id({2}, "order_fulfilment");
  { payment_gateway(path_).cancel(key(one, direction::forward), "o1"); }
  EXPECT_EQ(broken(), "G4");
}

// --- what clients were told against the journal ---

class OrdersEvidence : public OrdersGateway {
protected:
  OrdersEvidence() {
    journal_.fulfilled("o1");
    journal_.fulfilled("o2");
  }
  /// As the driver notes an order; the event of its receipt stands at `at`.
  void placed(const std::string& id, std::size_t at) {
    ensemble::asked_command c;
    c.service = "order";
    c.command = "place_order";
    c.idempotency_key = id;
    ensemble::history_writer out(path_, "test");
    const auto number = out.asked(c);
    c.answer = ensemble::told_answer::ok;
    c.events = {journal_.events.at(at - 1)};
    c.id = c.events.front().command();
    out.told(number, c);
  }
  [[nodiscard]] std::string broken() const { return journal_.broken({{}, path_}); }

  forged_journal journal_;
};

TEST_F(OrdersEvidence, HoldsWhereItWasTold) {
  placed("o1", 2);
  append(R"({"asked":{"op")"); // torn by a kill
  placed("o2", 8);
  EXPECT_EQ(broken(), "");
  const auto report = journal_.report({{}, path_});
  EXPECT_EQ(report.acknowledged, 2U);
  EXPECT_EQ(report.torn, 1U);
}

TEST_F(OrdersEvidence, SeesAnOrderThatIsLostOrThatNobodyPlaced) {
  placed("o1", 2);
  EXPECT_EQ(broken(), "S3") << "o2";
  placed("o2", 8);
  journal_.events.resize(7);
  EXPECT_EQ(broken(), "S1");
  EXPECT_THROW((void)journal_.broken({{}, path_ + ".none"}), ensemble::error);
}

TEST_F(OrdersEvidence, SeesAnOrderPlacedLaterStandBefore) {
  placed("o2", 8);
  placed("o1", 2);
  EXPECT_EQ(broken(), "S6");
}

} // namespace
} // namespace orders
