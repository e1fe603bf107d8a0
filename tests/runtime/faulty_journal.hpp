#pragma once

#include <ensemble/journal.hpp>

#include <atomic>
#include <functional>
#include <memory>

/// A journal in memory that a test can break, or slip events into behind its owner's back.
class faulty_journal final : public ensemble::journal {
public:
  std::vector<ensemble::append_result> commit(std::span<const ensemble::append_request> requests,
                                              ensemble::timestamp now) override {
    ++commits;
    if (fails) throw ensemble::error(ensemble::errc::journal_failed, "planted: the sync failed");
    if (auto slip = std::exchange(slip_in, nullptr)) {
      const ensemble::append_request foreign = slip();
      (void) journal_->commit({&foreign, 1}, now);
    }
    return journal_->commit(requests, now);
  }
  std::unique_ptr<ensemble::journal_reader> open_reader() override {
    return journal_->open_reader();
  }
  [[nodiscard]] bool blocking() const noexcept override { return false; }

  std::atomic<bool> fails = false;
  std::atomic<int> commits = 0;
  /// Set it while nothing is under way: used by the next commit.
  std::function<ensemble::append_request()> slip_in{};

private:
  std::unique_ptr<ensemble::journal> journal_ = ensemble::open_journal({});
};
