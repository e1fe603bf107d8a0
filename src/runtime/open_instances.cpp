#include "runtime/open_instances.hpp"

#include <charconv>
#include <map>
#include <unordered_set>

namespace ensemble::internal {

namespace {

constexpr std::string_view checkpoint_key = "checkpoint";

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ptr != end)
    throw error(errc::journal_damaged,
                "the book of open instances holds '" + text + "' where a position belongs");
  return value;
}

std::string key_of(instance_id id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

instance_id id_of(const std::string& key) {
  instance_id id;
  if (key.size() != id.bytes.size())
    throw error(errc::journal_damaged, "the book of open instances holds a key of " +
                                           std::to_string(key.size()) + " bytes");
  std::copy(key.begin(), key.end(), id.bytes.begin());
  return id;
}

bool ends(const process_definition& p, const recorded_event& e) {
  const auto by = e.origin.direction;
  return (by == direction::complete && p.completed.event &&
          p.completed.event->name == e.body.name()) ||
         (by == direction::abort && p.aborted.event && p.aborted.event->name == e.body.name());
}

} // namespace

book_change open_instance_row(instance_id id, const std::string& process) {
  return {std::string(open_instances_book), key_of(id), process};
}

book_change closed_instance_row(instance_id id) {
  return {std::string(open_instances_book), key_of(id), std::nullopt};
}

book_change open_instances_checkpoint(position up_to) {
  return {std::string(open_instances_book), std::string(checkpoint_key),
          std::to_string(up_to.value)};
}

open_instances find_open_instances(journal_reader& reader, const environment& env) {
  open_instances result;
  std::map<instance_id, std::string> open;
  for (auto rows = reader.read_book(open_instances_book); !rows.empty();
       rows = reader.read_book(open_instances_book, rows.back().key)) {
    for (const auto& [key, value] : rows) {
      if (key == checkpoint_key) {
        result.checkpoint = result.head = {number(value)};
        continue;
      }
      open.emplace(id_of(key), value);
      result.in_book.push_back(id_of(key));
    }
  }
  for (;;) {
    const auto page = reader.read_all({result.head.value + 1});
    if (page.empty()) break;
    for (const auto& e : page)
      for (const auto& p : env.processes) {
        if (e.body.name() == p->start.event->name)
          open.emplace(make_instance_id(e.position, p->name), p->name);
        if (e.origin.instance && ends(*p, e)) open.erase(e.origin.instance);
      }
    result.head = page.back().position;
  }
  result.instances.assign(open.begin(), open.end());
  return result;
}

} // namespace ensemble::internal
