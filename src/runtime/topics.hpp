#pragma once

#include <ensemble/caf.hpp>
#include <ensemble/topic.hpp>

#include <caf/group.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::internal {

/// A topic that was asked for.
struct asked_topic {
  topic which;
  caf::group group{};
  position previous{}; ///< its newest event, or a later position
  /// Messages of it that some member has not let go of.
  std::shared_ptr<std::atomic<std::size_t>> under_way{};
  bool skipped = false; ///< there were too many of them: the members must read
};

/// The topics that were ever asked for, and how far they are published: outlives the publisher, so
/// that its successor goes on there. Their number is bounded by that of the message names'
/// prefixes.
class topic_table {
public:
  /// `make` gives the group of a new topic; `head`: the journal's newest position, or an older one.
  caf::group ask_for(const topic& which, const std::function<caf::group()>& make, position head) {
    const std::lock_guard lock(mutex_);
    for (const auto& t : topics_)
      if (t.which.name() == which.name()) return t.group;
    if (topics_.empty()) published_ = head;
    topics_.push_back(
        {which, make(), std::max(head, published_), std::make_shared<std::atomic<std::size_t>>(0)});
    return topics_.back().group;
  }
  /// Calls it with all topics, and the position up to which they are published, to change them.
  template <class F>
  void with(F change) {
    const std::lock_guard lock(mutex_);
    change(topics_, published_);
  }

private:
  std::mutex mutex_;
  std::vector<asked_topic> topics_{};
  position published_{};
};

/// The answer to read_topic: told exactly once. Whoever drops the question has it asked again.
class topic_question {
public:
  topic_question(topic which, position after, std::function<void(topic_events)> tell)
      : which_(std::move(which)), after_(after), tell_(std::move(tell)) {}
  ~topic_question() {
    if (tell_) tell_(topic_events(which_.name(), {after_, after_, after_, true, false}, {}, {}));
  }
  topic_question(const topic_question&) = delete;
  topic_question& operator=(const topic_question&) = delete;

  void answer(topic_events with) {
    if (const auto tell = std::exchange(tell_, {})) tell(std::move(with));
  }
  [[nodiscard]] const topic& which() const noexcept { return which_; }
  [[nodiscard]] position after() const noexcept { return after_; }

private:
  topic which_;
  position after_;
  std::function<void(topic_events)> tell_;
};

/// House to publisher.
struct topic_asked_for {};
struct read_a_topic {
  std::shared_ptr<topic_question> question{};
};

// It holds a space, so that no service can have the name.
inline constexpr std::string_view topics_role = "topic publisher";

} // namespace ensemble::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::topic_asked_for)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::read_a_topic)
