#include "simulation/simulated_disk.hpp"

#include "journal/memory_journal.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>
#include <utility>

namespace ensemble::simulation {

namespace {

// As a program reads it that has just begun.
message read_back(const message& stored, const type_lookup& types) {
  const auto* type = types ? types(stored.name()) : nullptr;
  if (type && type->schema_version >= stored.schema_version())
    return message::decode(*type, stored.text());
  return message::opaque(std::string(stored.name()), stored.schema_version(), stored.text());
}

append_result no_space() { return {append_result::status::no_space, {}, {}, {}}; }

} // namespace

class simulated_journal final : public journal {
public:
  simulated_journal(simulated_disk& disk, const journal_options& options,
                    simulated_disk::decide_fate fate, simulated_disk::decide_sync sync)
      : disk_(disk),
        fate_(std::move(fate)),
        sync_fate_(std::move(sync)),
        speculative_(options.durability == durability::speculative),
        memory_(storage::make_memory_journal(options.types)) {
    for (auto& commit : disk_.log_) {
      for (auto& request : commit.requests)
        for (auto& stream : request.streams)
          for (auto& event : stream.events) event.body = read_back(event.body, options.types);
      (void)memory_->commit(commit.requests, commit.time);
    }
  }

  std::vector<append_result> commit(std::span<const append_request> requests,
                                    timestamp now) override {
    if (disk_.plugged_ && !failed_) return commit_by(fate_(requests), requests, now);
    throw error(errc::journal_failed, "the simulated disk has failed before");
  }

  void sync() override {
    if (!speculative_) return;
    const bool works = disk_.plugged_ && !failed_;
    const auto fate = !works       ? sync_fate::fails
                      : sync_fate_ ? sync_fate_()
                                   : sync_fate::synced;
    if (works && (fate == sync_fate::synced || fate == sync_fate::cut_after)) sync_all();
    if (fate == sync_fate::synced) return;
    failed_ = true;
    throw error(errc::journal_failed, "the simulated disk cannot sync");
  }

  std::unique_ptr<journal_reader> open_reader() override { return memory_->open_reader(); }
  [[nodiscard]] bool blocking() const noexcept override { return false; }

private:
  std::vector<append_result> commit_by(commit_fate fate, std::span<const append_request> requests,
                                       timestamp now) {
    switch (fate) {
    case commit_fate::recorded: return record(requests, now);
    case commit_fate::scarce: return record_essential(requests, now);
    case commit_fate::no_space: return {requests.size(), no_space()};
    case commit_fate::fails_recorded: (void)record(requests, now); break;
    case commit_fate::cut_after:
      (void)record(requests, now);
      sync_all();
      break;
    case commit_fate::cut_before: write(requests, now, false); break;
    case commit_fate::fails: break;
    }
    failed_ = true;
    throw error(errc::journal_failed, "the simulated disk has failed");
  }

  std::vector<append_result> record(std::span<const append_request> requests, timestamp now) {
    auto results = memory_->commit(requests, now);
    write(requests, now, !speculative_ && !ENSEMBLE_PLANTED(no_sync));
    return results;
  }

  std::vector<append_result> record_essential(std::span<const append_request> requests,
                                              timestamp now) {
    std::vector<append_request> some;
    for (const auto& request : requests)
      if (request.essential) some.push_back(request);
    auto recorded = record(some, now);
    std::vector<append_result> results;
    auto next = recorded.begin();
    for (const auto& request : requests)
      results.push_back(request.essential ? std::move(*next++) : no_space());
    return results;
  }

  void write(std::span<const append_request> requests, timestamp now, bool synced) {
    disk_.log_.push_back({{requests.begin(), requests.end()}, now, synced});
  }

  void sync_all() {
    if (ENSEMBLE_PLANTED(no_sync)) return;
    for (auto at = disk_.log_.rbegin(); at != disk_.log_.rend() && !at->synced; ++at)
      at->synced = true;
  }

  simulated_disk& disk_;
  simulated_disk::decide_fate fate_;
  simulated_disk::decide_sync sync_fate_;
  bool speculative_;
  std::unique_ptr<journal> memory_;
  bool failed_ = false;
};

std::unique_ptr<journal> simulated_disk::open(const journal_options& options, decide_fate fate,
                                              decide_sync sync) {
  plugged_ = true;
  return std::make_unique<simulated_journal>(*this, options, std::move(fate), std::move(sync));
}

void simulated_disk::recover(const std::function<std::size_t(std::size_t unsynced)>& keep) {
  plugged_ = false;
  const auto first = std::ranges::find(log_, false, &commit_record::synced);
  const auto unsynced = static_cast<std::size_t>(log_.end() - first);
  if (unsynced == 0) return;
  const auto kept = static_cast<std::ptrdiff_t>(std::min(keep(unsynced), unsynced));
  log_.erase(first + kept, log_.end());
  for (auto& commit : log_) commit.synced = true; // the next open writes it back
}

} // namespace ensemble::simulation
