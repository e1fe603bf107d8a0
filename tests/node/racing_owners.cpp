#include "node/racing_owners.hpp"

namespace node_tests {

using namespace ensemble;

namespace {

std::string name_of(std::size_t node) { return "node-" + std::to_string(node); }
std::string shard_of(std::size_t shard) { return "stock-" + std::to_string(shard); }

append_result::status commit(journal& to, const append_request& request) {
  return to.commit({&request, 1}, timestamp{}).front().state;
}

} // namespace

void racing_owners::go_on(journal& journal) {
  for (int step = 0; step < 100; ++step) {
    const auto node = dice_.below(nodes);
    const auto shard = dice_.below(shards);
    if (dice_.chance(0.3))
      take(journal, node, shard);
    else
      write(journal, node, shard);
  }
}

void racing_owners::take(journal& journal, std::size_t node, std::size_t shard) {
  auto& believes = beliefs_[node][shard];
  if (dice_.chance(0.7)) believes.seen = node::owner_of(*journal.open_reader(), shard_of(shard));
  const auto next = node::next_owner(believes.seen, name_of(node));
  if (commit(journal, node::claim(shard_of(shard), believes.seen, next)) !=
      append_result::status::appended)
    return;
  if (!taken_.try_emplace({shard, next.epoch}, next.node).second)
    told_twice_ = shard_of(shard) + " has two owners of epoch " + std::to_string(next.epoch);
  believes.seen = believes.own = next;
}

void racing_owners::write(journal& journal, std::size_t node, std::size_t shard) {
  auto& believes = beliefs_[node][shard];
  if (!believes.own) return;
  new_event e;
  e.id = event_id::of(1, ++written_);
  e.body = written{believes.own->node, believes.own->epoch};
  append_request request;
  request.streams.push_back({shard_of(shard), expected_version::any(), {e}});
  request.expected_rows.push_back(node::still_owned(shard_of(shard), *believes.own));
  if (commit(journal, request) == append_result::status::appended) return;
  ++fenced_;
  if (dice_.chance(0.5)) believes.own.reset(); // else it has not heard the answer
}

std::string racing_owners::violation(journal_reader& reader) const {
  if (!told_twice_.empty()) return "N2: " + told_twice_;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    std::uint64_t highest = 0;
    for (const auto& e : reader.read_stream(shard_of(shard), {}, written_ + 1)) {
      const auto text = message::decode(type_of<written>(), e.body.text());
      const auto& by = text.as<written>();
      const auto at = " at position " + std::to_string(e.position.value);
      if (by.epoch < highest)
        return "G7: " + by.node + " writes to " + e.stream + at + " as owner of epoch " +
               std::to_string(by.epoch) + ", behind one of epoch " + std::to_string(highest);
      highest = by.epoch;
      const auto owner = taken_.find({shard, by.epoch});
      if (owner == taken_.end() || owner->second != by.node)
        return "N2: " + by.node + " writes to " + e.stream + at +
               " for an epoch that is not its own";
    }
  }
  return {};
}

} // namespace node_tests
