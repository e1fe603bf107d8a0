#include "runtime/deployments.hpp"

#include "model/planted_bug.hpp"
#include "model/structure.hpp"
#include "runtime/book_rows.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <array>
#include <sstream>

namespace ensemble::internal {

/// A row of the book; its key is the process's name and the position, so that rows sort by both.
struct deployment_row {
  std::string process{};
  int version{};
  std::uint64_t after{}; ///< instances that begin behind this position
  std::string start_event{};
  std::vector<std::string> awaited_events{};
  std::string structure{};
};
ENSEMBLE_MESSAGE_NAMED(deployment_row, "ensemble.deployment_row", 1, process, version, after,
                       start_event, awaited_events, structure)

namespace {

std::vector<deployment_row> read_rows(journal_reader& reader) {
  std::vector<deployment_row> rows;
  for (auto page = reader.read_book(deployments_book); !page.empty();
       page = reader.read_book(deployments_book, page.back().key))
    for (const auto& row : page)
      rows.push_back(read_book_row<deployment_row>(deployments_book, row));
  std::ranges::sort(rows, {}, &deployment_row::after);
  return rows;
}

std::string key_of(const deployment_row& row) {
  auto digits = std::to_string(row.after);
  return row.process + "@" + std::string(20 - digits.size(), '0') + digits;
}

std::string first_difference(const std::string& was, const std::string& is) {
  std::istringstream old_lines(was);
  std::istringstream new_lines(is);
  std::string before;
  std::string now;
  while (true) {
    const bool more = static_cast<bool>(std::getline(old_lines, before));
    if (!std::getline(new_lines, now)) now = "(nothing)";
    if (!more) before = "(nothing)";
    if (before != now || !more) return "'" + before + "' became '" + now + "'";
  }
}

void check_structure(const deployment_row& before, const process_definition& now) {
  const auto structure = structure_of(now);
  if (before.structure == structure || ENSEMBLE_PLANTED(structure_not_compared)) return;
  throw error(errc::bad_definition,
              "process '" + now.name + "': version " + std::to_string(now.version) +
                  " was deployed on this journal with another structure: " +
                  first_difference(before.structure, structure) + ". Raise it with .version(" +
                  std::to_string(now.version + 1) +
                  "), and give the runtime the old definition too while instances of it are open");
}

} // namespace

void read_deployments(environment& env, journal_reader& reader) {
  env.deployed.clear();
  for (const auto& row : read_rows(reader))
    env.deployed[row.process].push_back(
        {{row.after}, row.version, row.start_event, row.awaited_events});
}

void record_deployments(environment& env, journal& to) {
  const auto reader = to.open_reader();
  const auto rows = read_rows(*reader);
  read_deployments(env, *reader);
  const auto head = reader->head();
  append_request request;
  for (const auto& p : env.processes) {
    for (const auto& row : rows)
      if (row.process == p->name && row.version == p->version) check_structure(row, *p);
    auto& known = env.deployed[p->name];
    const auto newest = newest_version(env, p->name);
    if (p->version != newest || (!known.empty() && known.back().version == newest)) continue;
    deployment_row row{p->name, newest,          head.value, std::string(p->start.event->name),
                       {},      structure_of(*p)};
    for (const auto& s : p->steps)
      for (const auto& a : s.awaited) row.awaited_events.emplace_back(a.outcome.event->name);
    request.books.push_back({std::string(deployments_book), key_of(row), message(row).text()});
    known.push_back({head, newest, row.start_event, row.awaited_events});
    log().info("process '{}' is deployed in version {}, from position {} on", p->name, newest,
               head.value + 1);
  }
  if (request.books.empty() || ENSEMBLE_PLANTED(deployment_not_recorded)) return;
  if (!env.keeps_journal())
    throw error(errc::bad_definition,
                "this program deploys a process or version that the node with the journal does not "
                "run: start that one first with the same processes");
  request.essential = true;
  const auto done = to.commit(std::array{std::move(request)}, env.clock());
  if (done.front().state == append_result::status::no_space)
    throw error(errc::journal_full, "the disk is full: which processes are deployed could not be "
                                    "recorded; free some space and start again");
}

outside_events make_outside_events(const environment& env,
                                   const std::set<std::string, std::less<>>& processes) {
  outside_events all(env.options.kept_outside_events);
  for (const auto& p : env.processes)
    if (processes.contains(p->name)) all.add(*p);
  for (const auto& [process, deployments] : env.deployed)
    for (const auto& d : deployments)
      if (processes.contains(process))
        for (const auto& name : d.awaited_events) all.add_name(name);
  return all;
}

const deployment* deployment_at(const environment& env, std::string_view process, position start) {
  const auto at = env.deployed.find(process);
  if (at == env.deployed.end() || at->second.empty()) return nullptr;
  const auto& all = at->second;
  if (ENSEMBLE_PLANTED(newest_version_for_all)) return &all.back();
  // The last that was deployed before it; the first, for one that is older than them all.
  auto found = std::ranges::find_if(all, [&](const deployment& d) { return d.after >= start; });
  if (found != all.begin()) --found;
  return &*found;
}

process_ptr find_definition(const environment& env, std::string_view process, int version) {
  for (const auto& p : env.processes)
    if (p->name == process && p->version == version) return p;
  return nullptr;
}

int newest_version(const environment& env, std::string_view process) {
  int newest = 0;
  for (const auto& p : env.processes)
    if (p->name == process) newest = std::max(newest, p->version);
  return newest;
}

std::vector<process_ptr> deployed_definitions(const environment& env) {
  std::vector<process_ptr> all;
  for (const auto& p : env.processes)
    if (p->version == newest_version(env, p->name)) all.push_back(p);
  return all;
}

} // namespace ensemble::internal
