#include "orders/commands/story.hpp"

#include "orders/domain/fulfilment.hpp"

namespace orders {

namespace {

std::vector<ensemble::recorded_event> first_of(ensemble::journal_reader& journal,
                                               const std::string& order_id) {
  auto first = journal.read_stream(ensemble::make_stream_name("order", order_id), {0}, 1);
  if (first.empty())
    throw ensemble::error(ensemble::errc::bad_argument,
                          "there is no order '" + order_id + "' in this journal");
  return first;
}

} // namespace

ensemble::instance_id instance_of(ensemble::journal_reader& journal, const std::string& order_id) {
  return ensemble::make_instance_id(first_of(journal, order_id).front().position,
                                    order_fulfilment().name);
}

ensemble::correlation_id flow_of(ensemble::journal_reader& journal, const std::string& order_id) {
  return first_of(journal, order_id).front().origin.correlation;
}

std::vector<ensemble::recorded_event> story_of(ensemble::journal_reader& journal,
                                               const std::string& order_id) {
  auto story = first_of(journal, order_id);
  const auto instance = ensemble::make_instance_id(story[0].position, order_fulfilment().name);
  for (;;) {
    auto more = journal.read_instance(instance, story.back().position);
    if (more.empty()) return story;
    story.insert(story.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
  }
}

} // namespace orders
