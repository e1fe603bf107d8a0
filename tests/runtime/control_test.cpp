#include "runtime/bookshop.hpp"
#include "runtime/control_address.hpp"
#include "runtime/temporary_folder.hpp"

#include <ensemble/control.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

// A runtime's control socket and its client; and the same words while no runtime is live.

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::control_client;
using ensemble::errc;
using ensemble::instance_id;
using ensemble::operator_verb;
using ensemble::operator_word;
using ::testing::HasSubstr;

const ensemble::retry_policy hasty{.attempts = 2, .first_delay = 1ms, .max_delay = 2ms};

operator_word retry(instance_id instance) {
  operator_word w;
  w.instance = instance;
  w.reason = "the till is mended";
  return w;
}

errc code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ensemble::error& e) {
    return e.code();
  }
  ADD_FAILURE() << "did not throw";
  return errc::bad_argument;
}

class Control : public testing::Test {
protected:
  void start() { start_at(folder_.file("j.db")); }
  void start_at(const std::string& journal) {
    journal_ = journal;
    auto options = in_memory();
    options.journal = journal;
    r.emplace(std::move(options));
    set_up(*r, &till_, hasty);
    r->start();
  }
  instance_id stuck_one(const std::string& id = "unpackable-1") {
    till_.refuses_refunds = true;
    return r->await(r->send("shop", buy{id, 20}).get(), 30s).instance;
  }
  [[nodiscard]] std::string socket_file() const { return journal_ + ".control"; }
  [[nodiscard]] bool listens() const { return std::filesystem::is_socket(socket_file()); }

  temporary_folder folder_{};
  std::string journal_{};
  till_switches till_{};
  std::optional<ensemble::runtime> r{};
};

TEST_F(Control, ServesOperatorsBesideALiveRuntime) {
  start();
  const auto id = stuck_one();
  control_client client(journal_);
  EXPECT_EQ(client.stats().instances_stuck, 1U);
  const auto found = client.stuck();
  ASSERT_EQ(found.instances.size(), 1U);
  EXPECT_FALSE(found.more);
  EXPECT_EQ(found.instances[0].instance, id);
  EXPECT_THAT(found.instances[0].stuck, HasSubstr("no refunds today"));
  ASSERT_EQ(found.instances[0].outstanding.size(), 1U);
  EXPECT_EQ(found.instances[0].outstanding[0].direction, ensemble::direction::undo);
  till_.refuses_refunds = false;
  const auto answer = client.operate(retry(id));
  EXPECT_FALSE(answer.refused());
  EXPECT_GT(answer.recorded.value, 0U);
  while (!client.inspect(id).terminal) std::this_thread::yield();
  EXPECT_EQ(client.inspect(id).phase, "compensated");
  const auto late = client.operate(retry(id));
  ASSERT_TRUE(late.refused());
  EXPECT_THAT(*late.refusal, HasSubstr("it is compensated"));
}

TEST_F(Control, HandsOnEveryPartOfAWord) {
  start();
  control_client client(journal_);
  till_.throws = 1'000'000;
  const auto receipt = r->send("shop", buy{"b1", 20}).get();
  const auto id = ensemble::make_instance_id(receipt.events.at(0).position, "selling");
  operator_word skip = retry(id);
  skip.verb = operator_verb::skip;
  skip.step = "pay";
  skip.direction = ensemble::direction::forward;
  skip.event_name = "declined";
  skip.event_text = "{}";
  skip.idempotency_key = "ticket";
  const auto answer = client.operate(skip);
  ASSERT_TRUE(answer.refused());
  EXPECT_THAT(*answer.refusal, testing::AnyOf(HasSubstr("'declined' is no success of step 'pay'"),
                                              HasSubstr("step 'pay' is")));
}

TEST_F(Control, ErrorsAreTheRuntimesOwn) {
  start();
  control_client client(journal_);
  EXPECT_EQ(code_of([&] { (void)client.inspect(instance_id::of(5, 5)); }), errc::bad_argument);
  EXPECT_EQ(code_of([&] { (void)client.operate(retry(instance_id::of(5, 5))); }),
            errc::bad_argument);
  EXPECT_EQ(client.stats().instances_open, 0U) << "and the connection goes on";
}

TEST_F(Control, TheSocketIsForItsUserAloneAndGoesWithTheRuntime) {
  start();
  struct stat it {};
  ASSERT_EQ(::lstat(socket_file().c_str(), &it), 0);
  EXPECT_TRUE(S_ISSOCK(it.st_mode));
  EXPECT_EQ(it.st_mode & 0777U, 0600U);
  r->stop();
  EXPECT_FALSE(std::filesystem::exists(socket_file()));
  EXPECT_EQ(code_of([&] { control_client client(journal_); }), errc::not_running);
}

TEST_F(Control, AJournalInMemoryHasNone) {
  start_at("memory:");
  EXPECT_EQ(code_of([] { control_client client("memory:"); }), errc::not_running);
}

TEST_F(Control, ASocketThatADeadProgramLeftIsReplaced) {
  journal_ = folder_.file("j.db");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const auto address = ensemble::internal::control_address::of(socket_file());
  ASSERT_EQ(::bind(dead, address->get(), address->size()), 0);
  ::close(dead);
  ASSERT_TRUE(listens());
  EXPECT_EQ(code_of([&] { control_client client(journal_); }), errc::not_running);
  start();
  EXPECT_EQ(control_client(journal_).stats().instances_open, 0U);
}

TEST_F(Control, AnythingElseInItsPlaceIsLeftThereAndRefused) {
  journal_ = folder_.file("j.db");
  std::ofstream(socket_file()) << "precious";
  EXPECT_EQ(code_of([&] { start(); }), errc::wrong_state);
  std::string kept;
  std::ifstream(socket_file()) >> kept;
  EXPECT_EQ(kept, "precious");
  std::filesystem::remove(socket_file());
  start(); // the journal is free again
  EXPECT_TRUE(listens());
}

TEST_F(Control, ASecondRuntimeLeavesTheLiveOnesSocketAlone) {
  start();
  auto options = in_memory();
  options.journal = journal_;
  ensemble::runtime second(options);
  set_up(second);
  EXPECT_EQ(code_of([&] { second.start(); }), errc::journal_locked);
  EXPECT_EQ(control_client(journal_).stats().instances_open, 0U);
}

TEST_F(Control, ALongPathIsReachedByItsDirectory) {
  auto deep = folder_.file(std::string(90, 'a'));
  deep += "/" + std::string(90, 'b');
  std::filesystem::create_directories(deep);
  start_at(deep + "/j.db");
  EXPECT_TRUE(listens());
  EXPECT_EQ(control_client(journal_).stats().instances_open, 0U);
}

TEST_F(Control, WithANameThatIsTooLongTheRuntimeGoesOnWithout) {
  start_at(folder_.file(std::string(110, 'j')));
  EXPECT_FALSE(listens());
  EXPECT_EQ(code_of([&] { control_client client(journal_); }), errc::not_running);
}

TEST_F(Control, OfflineAWordIsTakenAndHeededAtTheNextStart) {
  start();
  const auto id = stuck_one();
  const std::vector<ensemble::process_definition> processes{selling(hasty)};
  const auto offline = [&](const operator_word& w) {
    return ensemble::offline_operator(journal_, processes).operate(w);
  };
  EXPECT_EQ(code_of([&] { (void)offline(retry(id)); }), errc::journal_locked);
  r.reset();
  const auto found = ensemble::offline_operator(journal_, processes).stuck();
  ASSERT_EQ(found.instances.size(), 1U);
  EXPECT_EQ(found.instances[0].instance, id);
  auto word = retry(id);
  word.idempotency_key = "ticket";
  const auto answer = offline(word);
  EXPECT_FALSE(answer.refused());
  EXPECT_EQ(answer.now.stuck, "");
  EXPECT_TRUE(offline(word).repeated);
  EXPECT_TRUE(offline(retry(id)).refused());
  EXPECT_EQ(code_of([&] { (void)offline(retry({})); }), errc::bad_argument);
  till_.refuses_refunds = false;
  start();
  while (!r->inspect(id).get().terminal) std::this_thread::yield();
  EXPECT_EQ(r->inspect(id).get().phase, "compensated");
}

TEST_F(Control, ReadersTellHowInstancesStandBesideTheRuntime) {
  start();
  const auto id = stuck_one();
  ensemble::instance_reader reader(journal_, {selling(hasty)});
  const auto report = reader.inspect(id);
  EXPECT_THAT(report.stuck, HasSubstr("no refunds today"));
  EXPECT_EQ(report.since, r->inspect(id).get().since);
  EXPECT_EQ(code_of([&] { (void)reader.inspect(instance_id::of(9, 9)); }), errc::bad_argument);
}

} // namespace
