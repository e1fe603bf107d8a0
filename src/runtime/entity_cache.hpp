#pragma once

#include "model/recently_used.hpp"
#include "runtime/work.hpp"

#include <any>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::internal {

/// One entity of a service: its state with everything that was decided, durable or not (rule 13).
struct entity {
  enum class phase {
    unknown, ///< its state could not be folded: loads when it is needed
    loading, ///< being folded from the journal
    ready,
    settling, ///< an append did not go as expected: waits for the others, then loads anew
  };
  struct waiting_query {
    std::shared_ptr<const state_query> query{};
    std::uint64_t needs = 0; ///< answered when the stream durably has this length
    std::any state{};        ///< as it was when asked
  };

  std::string key{};
  std::string stream{};
  phase at = phase::loading;
  std::any state{};
  std::uint64_t length = 0; ///< of the stream, with the pending tail
  /// Nobody has looked whether it has events: the journal will tell, by the expected version.
  bool assumed_new = false;
  const command_handler* asked_by = nullptr; ///< the command that brought it into memory
  std::size_t in_flight = 0;                 ///< appends that are not answered yet
  std::size_t at_work = 0;                   ///< commands that concern it, wherever they are
  std::vector<work_ptr> waiting{}; ///< until it is ready; each waits at one of its entities
  std::vector<work_ptr> redo{};    ///< by their home: to be decided anew
  std::vector<waiting_query> queries{};
  std::vector<std::shared_ptr<const state_query>> unasked{}; ///< queries while it is not ready

  [[nodiscard]] bool in_use() const noexcept {
    return at_work > 0 || !queries.empty() || !unasked.empty() || at == phase::loading ||
           at == phase::settling;
  }
};

/// The entities of one service that are in memory: those in use, and the latest of the others.
class entity_cache {
public:
  explicit entity_cache(std::size_t kept) : kept_(kept) {}

  /// The entity of that key; `fresh` is set when it was not here and must be loaded.
  entity& get(std::string_view key, bool& fresh) { return entities_.get(key, fresh); }
  [[nodiscard]] entity* find(std::string_view key) { return entities_.find(key); }
  /// Lets go of the longest unused entities beyond the number that is kept: at once, or, where many
  /// are in use, in the next calls. What is found in use counts as used now.
  void shrink();
  void clear() { entities_.clear(); }
  template <class F>
  void for_each(F f) {
    for (auto& e : entities_) f(e);
  }

private:
  std::size_t kept_;
  recently_used<entity> entities_{};
};

} // namespace ensemble::internal
