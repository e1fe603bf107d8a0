#pragma once

#include "runtime/base_actor.hpp"

#include <deque>
#include <unordered_map>

namespace ensemble::internal {

/// Where operators are served. Reads instances from the journal rather than asking their sagas,
/// so it knows what is durable, and keeps nothing but the requests that it works on.
class operator_desk final : public base_actor {
public:
  operator_desk(caf::actor_config& config, environment_ptr env, directory_ptr directory);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  enum class stage {
    listing,   ///< the holders are asked which instances are stuck
    reading,   ///< the events of one instance are being read
    appending, ///< the word was given to the writer
  };
  struct job {
    std::shared_ptr<const desk_request> request{};
    stage at = stage::reading;
    event_id id{};      ///< of the word's event
    bool given = false; ///< the word was appended for this request
    int conflicts = 0;
    std::size_t unheard = 0;        ///< holders that have not told yet
    std::deque<instance_id> left{}; ///< what is left to look at; the first is being read
    stuck_instances found{};
  };
  void accept(const std::shared_ptr<const desk_request>& request);
  void list(std::uint64_t tag);
  [[nodiscard]] std::uint64_t renew(std::uint64_t tag);
  void read(std::uint64_t tag, instance_id instance);
  void listed(const stuck_listed& all);
  void page_read(const journal_page& page);
  void operate(std::uint64_t tag, job& j, const std::vector<recorded_event>& events);
  void look(std::uint64_t tag, job& j, const std::vector<recorded_event>& events);
  void look_on(std::uint64_t tag, job& j);
  void appended(const append_answer& answer);
  void ask_again(std::string_view restarted);
  void answer(std::uint64_t tag, const desk_answer& with);
  void fail(std::uint64_t tag, const error& why);

  std::uint64_t next_tag_ = 1;
  std::unordered_map<std::uint64_t, job> jobs_{};
};

} // namespace ensemble::internal
