#include "node/racing_owners.hpp"

namespace node_tests {

using namespace ensemble;

namespace {

std::string name_of(std::size_t node) { return node == 0 ? "w1" : "w2"; }
node::incarnation_id start_of(std::size_t node) { return node::incarnation_id::of(node + 1, 7); }
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
  const auto look = [&] { return node::owner_of(*journal.open_reader(), shard_of(shard)); };
  if (dice_.chance(0.7)) believes.seen = look();
  const auto before = believes.seen;
  const auto next = node::next_owner(before, name_of(node), start_of(node));
  auto told = commit(journal, node::claim(shard_of(shard), before, next));
  if (dice_.chance(0.2)) { // it was lost: meanwhile others go on, then it asks again
    for (auto others = dice_.below(3); others > 0; --others)
      take(journal, (node + 1) % nodes, shard);
    told = commit(journal, node::claim(shard_of(shard), before, next));
  }
  if (told != append_result::status::appended && look() != next) return;
  if (!taken_.try_emplace({shard, next.by.epoch}, next.by.incarnation).second &&
      taken_.at({shard, next.by.epoch}) != next.by.incarnation)
    told_twice_ = shard_of(shard) + " has two owners of epoch " + std::to_string(next.by.epoch);
  believes.seen = believes.own = next;
}

void racing_owners::write(journal& journal, std::size_t node, std::size_t shard) {
  auto& believes = beliefs_[node][shard];
  if (!believes.own) return;
  new_event e;
  e.id = event_id::of(1, ++written_);
  e.body = written{believes.own->by.incarnation, believes.own->by.epoch};
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
        return "G7: " + by.by + " writes to " + e.stream + at + " as owner of epoch " +
               std::to_string(by.epoch) + ", behind one of epoch " + std::to_string(highest);
      highest = by.epoch;
      const auto owner = taken_.find({shard, by.epoch});
      if (owner == taken_.end() || owner->second != by.by)
        return "N2: " + by.by + " writes to " + e.stream + at + " for an epoch that is not its own";
    }
  }
  return {};
}

} // namespace node_tests
