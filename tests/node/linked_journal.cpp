#include "node/linked_journal.hpp"

#include "node/journal_client.hpp"
#include "node/journal_guest.hpp"
#include "node/nodes.hpp"
#include "node/remote_journal.hpp"
#include "runtime/bus.hpp"
#include "runtime/journal_writer.hpp"

#include <caf/all.hpp>

#include <atomic>

namespace node_tests {

using namespace ensemble;

namespace {

struct keeper {
  explicit keeper(const journal_options& options) : journal(open_journal(options)) {}

  std::unique_ptr<ensemble::journal> journal;
  std::atomic<timestamp> time{};
};

std::shared_ptr<internal::environment> environment_at(const std::atomic<timestamp>& time) {
  auto env = std::make_shared<internal::environment>(runtime_options{});
  env->clock = [&time] { return time.load(); };
  return env;
}

class linked_journal final : public journal {
public:
  explicit linked_journal(const journal_options& options) : kept_(options) {
    const auto group = internal::journal_group(system_, "linked");
    const auto reader = kept_.journal->open_reader();
    const auto head = reader->head();
    timestamp newest{};
    if (head.value > 0) newest = reader->read_all(head, 1).front().time;
    auto now = std::make_shared<internal::directory>();
    now->journal_group = group;
    now->writer =
        house_.spawn<internal::journal_writer>(*kept_.journal, head, newest, caf::actor{});
    caf::anon_send(now->writer, internal::directory_changed{now, ""});
    const auto host = [this, now] {
      std::shared_ptr<journal_reader> from = kept_.journal->open_reader();
      return system_.spawn<node::journal_guest>(env_, now, std::move(from));
    };
    const auto gate = house_.spawn<node::gate>(named("journal", 1), host);
    auto client = house_.spawn<node::journal_client>();
    house_.spawn<node::joiner>(named("w1", 2), find_here(gate), client);
    remote_ = node::make_remote_journal(std::move(client), options.types);
  }

  std::vector<append_result> commit(std::span<const append_request> requests,
                                    timestamp now) override {
    kept_.time = now;
    return remote_->commit(requests, now);
  }
  [[nodiscard]] bool follow(position seen,
                            std::function<void(std::vector<recorded_event>)> take) override {
    return remote_->follow(seen, std::move(take));
  }
  std::unique_ptr<journal_reader> open_reader() override { return remote_->open_reader(); }
  [[nodiscard]] bool blocking() const noexcept override { return remote_->blocking(); }

private:
  keeper kept_;
  struct two_threads : caf::actor_system_config {
    two_threads() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::size_t{2});
    }
  };
  two_threads config_{};
  caf::actor_system system_{config_};
  std::shared_ptr<internal::environment> env_ = environment_at(kept_.time);
  household house_{system_, env_};
  std::unique_ptr<journal> remote_{};
};

} // namespace

std::unique_ptr<journal> open_linked_journal(const journal_options& options) {
  return std::make_unique<linked_journal>(options);
}

} // namespace node_tests
