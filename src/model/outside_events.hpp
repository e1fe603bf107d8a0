#pragma once

#include "model/instance.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ensemble {

/// What one instance awaits: an event that the definition names, with this key.
struct awaited_key {
  const awaited_definition* event{};
  std::string key{};
  friend auto operator<=>(const awaited_key&, const awaited_key&) = default;
};
[[nodiscard]] std::vector<awaited_key> awaited_keys(const instance& i);

/// Brings outside events and the instances that await them together (rule 7). An event that nobody
/// awaits yet is kept; one that fits several instances is parked. A value; it follows from the
/// journal: whoever reads the same events and hears the same waits hands over the same.
///
/// An event that was handed over is *in hand* until the journal says that it was received, or the
/// instance says that it does not want it. What is kept, parked or in hand must outlive the
/// process that runs this: `changed` tells which positions to write down.
class outside_events {
public:
  struct handed {
    instance_id to{};
    recorded_event event{};
  };

  /// At most so many events are kept; the oldest are let go of first.
  explicit outside_events(std::size_t kept_at_most) : kept_at_most_(kept_at_most) {}

  /// Events of this definition's are to be looked at from now on.
  void add(const process_definition& definition);
  /// Events of that name are kept, for a definition that is not here now.
  void add_name(std::string name) { names_.insert(std::move(name)); }
  [[nodiscard]] bool concerns(std::string_view event_name) const;

  /// An event of the journal, in its order.
  [[nodiscard]] std::vector<handed> arrived(const recorded_event& e);
  /// What an instance awaits now; replaces what it awaited before.
  [[nodiscard]] std::vector<handed> awaits(instance_id id, std::vector<awaited_key> keys);
  /// The instance did not want the event that it was handed; somebody else may.
  [[nodiscard]] std::vector<handed> returned(instance_id from, const recorded_event& e);
  [[nodiscard]] bool has_in_hand(instance_id id) const { return in_hand_of_.contains(id); }
  /// Everything that is in hand: whoever was to record it may have been lost.
  [[nodiscard]] std::vector<handed> in_hand() const;
  /// The journal says that the event at that position was received.
  void received(position at);
  /// An event that was parked before a restart.
  void parked(position at, std::string reason);

  /// The events that were let go of since the last call because too many were kept.
  [[nodiscard]] std::vector<position> take_forgotten();
  /// What has to be written down since the last call: the positions of events that are open (kept,
  /// in hand, or parked with a reason), and of those that are open no more.
  struct change {
    position at{};
    bool open = false;
    std::string parked_because{};
  };
  [[nodiscard]] std::vector<change> take_changes();

  [[nodiscard]] std::size_t kept_count() const noexcept { return kept_.size(); }
  [[nodiscard]] std::size_t parked_count() const noexcept { return parked_.size(); }

private:
  struct kept {
    recorded_event event{};
    std::vector<awaited_key> fits{};
  };
  struct waiting {
    awaited_key what{};
    instance_id id{};
    friend auto operator<=>(const waiting&, const waiting&) = default;
  };
  using waits = std::set<waiting>;

  [[nodiscard]] std::vector<handed> place(recorded_event e);
  void keep(recorded_event e, std::vector<awaited_key> fits);
  void unkeep(position at);
  void park(position at, std::string reason);
  void forget_waits(instance_id id);
  handed hand(instance_id to, recorded_event e);

  std::size_t kept_at_most_;
  std::multimap<std::string, const awaited_definition*, std::less<>> by_name_{};
  std::set<std::string, std::less<>> names_{};
  waits waits_{};
  std::multimap<instance_id, waits::iterator> waits_of_{};
  std::map<position, kept> kept_{};
  std::set<std::pair<awaited_key, position>> kept_by_key_{};
  std::map<position, handed> in_hand_{};
  std::multimap<instance_id, position> in_hand_of_{};
  std::map<position, std::string> parked_{};
  std::vector<position> forgotten_{};
  std::set<position> changed_{};
};

} // namespace ensemble
