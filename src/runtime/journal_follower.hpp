#pragma once

#include "runtime/base_actor.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace ensemble::internal {

using batch_ptr = std::shared_ptr<const committed_batch>;

/// Gives an actor every event of the journal behind a position, in order and each one once:
/// from the batches that the writer publishes, and from the journal where one was missed. A part
/// of the actor that holds it, which joins the journal's group and passes its messages on:
///
///     [this](const committed& m) { follower_.follow(m.batch); },
///     [this](const journal_page& m) { if (!follower_.page_read(m, *directory_)) ...; },
///
/// Keeps at most `most_kept` batches while it reads; those beyond are read from the journal.
class journal_follower {
public:
  static constexpr std::size_t most_kept = 64;

  /// `take` gets the batches. The first may begin below the position: look at `seen()`, which is
  /// moved on once it returns.
  journal_follower(base_actor& self, std::function<void(const batch_ptr&)> take)
      : self_(&self), take_(std::move(take)) {}

  /// Begins behind that position: reads to the head, then goes on with what is published.
  void start(position seen, const directory& now);
  /// The same where the journal was looked at up to its head already.
  void start_live(position head, const directory& now);
  /// Until `start` batches are kept. With `paused` they are dropped, to be read later.
  void follow(const batch_ptr& batch, const directory& now);
  /// Whether the page was asked for here.
  bool page_read(const journal_page& page, const directory& now);
  /// Takes nothing more for now: reads on from the journal at `resume`.
  void pause() noexcept { paused_ = true; }
  void resume(const directory& now);
  /// Another reader: what the last one was asked is lost.
  void reader_replaced(const directory& now);

  /// Everything up to here was given to `take`.
  [[nodiscard]] position seen() const noexcept { return seen_; }
  /// Nothing is being read: what was published so far was taken.
  [[nodiscard]] bool live() const noexcept { return state_ == state::live && !paused_; }
  /// Lets go of everything, for on_exit.
  void clear();

private:
  enum class state { waiting, reading, live };
  static constexpr std::uint64_t own_tag = std::uint64_t{1} << 63;

  void take(const batch_ptr& batch);
  void read_on(const directory& now);
  void live_again(const directory& now);

  base_actor* self_;
  std::function<void(const batch_ptr&)> take_;
  state state_ = state::waiting;
  bool paused_ = false;
  position seen_{};
  std::uint64_t asked_ = 0;
  std::deque<batch_ptr> kept_{};
};

} // namespace ensemble::internal
