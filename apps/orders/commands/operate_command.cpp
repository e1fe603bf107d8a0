#include "orders/commands/commands.hpp"
#include "orders/commands/story.hpp"
#include "orders/shop.hpp"

#include <ensemble/control.hpp>

#include <optional>
#include <ostream>

namespace orders {

namespace {

using ensemble::operator_verb;
using ensemble::operator_word;

/// Reaches a journal's instances: through the program that runs its orders, or, where none does,
/// by itself.
class operators_desk {
public:
  explicit operators_desk(const std::string& journal) {
    try {
      live_.emplace(journal);
    } catch (const ensemble::error& e) {
      if (e.code() != ensemble::errc::not_running) throw;
      const std::vector<ensemble::process_definition> processes{order_fulfilment()};
      offline_.emplace(journal, processes);
    }
  }

  ensemble::operator_answer operate(const operator_word& word) {
    return live_ ? live_->operate(word) : offline_->operate(word);
  }
  ensemble::stuck_instances stuck(ensemble::instance_id after) {
    return live_ ? live_->stuck(100, after) : offline_->stuck(100, after);
  }
  [[nodiscard]] bool live() const noexcept { return live_.has_value(); }

private:
  std::optional<ensemble::control_client> live_{};
  std::optional<ensemble::offline_operator> offline_{};
};

operator_verb verb_of(command c) {
  if (c == command::skip) return operator_verb::skip;
  return c == command::abort ? operator_verb::abort : operator_verb::retry;
}

ensemble::direction direction_of(const std::string& text) {
  using ensemble::direction;
  for (const auto d : {direction::forward, direction::undo, direction::complete, direction::abort})
    if (text == to_string(d)) return d;
  return direction::none;
}

void tell(std::ostream& out, const ensemble::operator_answer& answer, bool live) {
  if (answer.refused()) {
    out << "refused: " << *answer.refusal << '\n';
    return;
  }
  out << (answer.repeated ? "recorded before" : "recorded") << " at position "
      << answer.recorded.value << (live ? "; it goes on" : "; it goes on when orders are run next")
      << '\n';
}

/// Up to `last`: where orders run, others may get stuck as fast as these are healed.
int retry_all(operators_desk& desk, operator_word word, ensemble::position last,
              std::ostream& out) {
  std::uint64_t given = 0;
  std::uint64_t refused = 0;
  for (ensemble::instance_id after{};;) {
    const auto page = desk.stuck(after);
    for (const auto& report : page.instances) {
      if (start_of(report.instance) > last) break;
      after = word.instance = report.instance;
      ++(desk.operate(word).refused() ? refused : given);
    }
    if (!page.more || start_of(page.instances.back().instance) > last) break;
  }
  out << given << " retried";
  if (refused > 0) out << ", " << refused << " were no longer stuck";
  out << (desk.live() ? "\n" : "; they go on when orders are run next\n");
  return 0;
}

} // namespace

int operate_order(command verb, const operator_options& options, std::ostream& out) {
  operator_word word;
  word.verb = verb_of(verb);
  word.reason = options.reason;
  word.step = options.step;
  word.direction = direction_of(options.direction);
  word.event_name = options.event_name;
  word.event_text = options.event;
  word.idempotency_key = options.key;
  if (options.order.empty() && !options.all)
    throw ensemble::error(ensemble::errc::bad_argument, "name an order, or retry --all");
  const auto journal = open_shop_journal(options.journal);
  const auto head = journal->head();
  if (!options.all) word.instance = instance_of(*journal, options.order);
  operators_desk desk(options.journal);
  if (options.all) return retry_all(desk, std::move(word), head, out);
  const auto answer = desk.operate(word);
  tell(out, answer, desk.live());
  return answer.refused() ? 1 : 0;
}

} // namespace orders
