#include "model/engine_messages.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/deployment.hpp"
#include "runtime/faulty_journal.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

// When the runtime has failed, nothing further begins outside: what it did could not be recorded.

namespace {

using namespace ensemble;

struct ring {
  std::string id{};
};
struct rung {
  std::string id{};
};
struct note {
  std::string id{};
};
struct noted {
  std::string id{};
};
ENSEMBLE_MESSAGE(ring, 1, id)
ENSEMBLE_MESSAGE(rung, 1, id)
ENSEMBLE_MESSAGE(note, 1, id)
ENSEMBLE_MESSAGE(noted, 1, id)

TEST(EffectsAfterAFailure, ThatWaitAreDiscarded) {
  std::atomic<int> calls = 0;
  std::promise<void> began;
  std::promise<void> end;
  std::promise<void> failed;
  runtime_options options;
  options.effect_threads = 1;
  const auto env = std::make_shared<internal::environment>(options);
  for (const auto* type : engine::message_types()) env->registry.add_engine(*type);
  internal::deploy(*env, service("bell").effect<ring>(
                             &ring::id,
                             [&, ends = end.get_future().share()](
                                 const ring& c, const effect_context&) -> decision<rung> {
                               if (++calls == 1) began.set_value();
                               ends.wait();
                               return rung{c.id};
                             }));
  internal::deploy(*env, service("book").on<note>(&note::id, [](const note& c) -> decision<noted> {
    return noted{c.id};
  }));
  auto journal = std::make_unique<faulty_journal>();
  auto& breaking = *journal;
  internal::actor_house house(env, std::move(journal), [&](const error&) { failed.set_value(); });
  house.open();
  auto give = [&, n = std::uint64_t{0}](const std::string& service, message body) mutable {
    auto command = std::make_shared<internal::host_command>();
    command->id = command->target = command_id::of(5, ++n);
    command->body = std::move(body);
    caf::anon_send(house.directory()->host(service), internal::give_command{std::move(command)});
  };
  give("bell", ring{"a"});
  give("bell", ring{"b"});
  began.get_future().wait();
  breaking.fails = true;
  give("book", note{"c"});
  failed.get_future().wait();
  end.set_value();
  house.close(std::chrono::seconds(10));
  EXPECT_EQ(calls, 1);
}

} // namespace
