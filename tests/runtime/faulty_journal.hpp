#pragma once

#include <ensemble/journal.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

/// A journal in memory that a test can break, or slip events into behind its owner's back.
class faulty_journal final : public ensemble::journal {
public:
  std::vector<ensemble::append_result> commit(std::span<const ensemble::append_request> requests,
                                              ensemble::timestamp now) override {
    ++commits;
    const auto with_events = std::ranges::count_if(
        requests, [](const auto& r) { return !r.streams.empty(); }); // others write books any time
    if (with_events > 0) requests_of_last_commit = static_cast<std::size_t>(with_events);
    if (fails) throw ensemble::error(ensemble::errc::journal_failed, "planted: the sync failed");
    if (auto slip = with_events > 0 ? std::exchange(slip_in, nullptr) : nullptr) {
      const ensemble::append_request foreign = slip();
      (void)journal_->commit({&foreign, 1}, now);
    }
    if (room == space::ample && requests.size() <= fits) return journal_->commit(requests, now);
    std::vector<ensemble::append_result> results;
    for (const auto& request : requests) {
      const bool writes = !request.streams.empty() || !request.books.empty();
      if (!writes || (room == space::scarce && request.essential))
        results.push_back(journal_->commit({&request, 1}, now).front());
      else
        results.push_back({ensemble::append_result::status::no_space, {}, {}, {}});
    }
    return results;
  }
  std::unique_ptr<ensemble::journal_reader> open_reader() override {
    return journal_->open_reader();
  }
  [[nodiscard]] bool blocking() const noexcept override { return false; }

  std::atomic<bool> fails = false;
  enum class space { ample, scarce, none };
  std::atomic<space> room = space::ample;
  std::atomic<int> commits = 0;
  std::atomic<std::size_t> requests_of_last_commit = 0; ///< those with events
  std::atomic<std::size_t> fits = ~std::size_t{};       ///< more requests at once find no space
  /// Set it while nothing is under way: used by the next commit of events.
  std::function<ensemble::append_request()> slip_in{};

private:
  std::unique_ptr<ensemble::journal> journal_ = ensemble::open_journal({});
};
