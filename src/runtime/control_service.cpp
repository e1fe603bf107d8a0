#include "runtime/control_service.hpp"

#include "runtime/control_address.hpp"
#include "runtime/control_messages.hpp"
#include "runtime/log.hpp"

#include <algorithm>

namespace ensemble::internal {

namespace {

std::string text_of(control_answer answer) {
  try {
    return message(std::move(answer)).text();
  } catch (const error& e) { // too long: some instances have much to tell
    return message(told(error(e.code(), std::string(e.what()) + "; ask for fewer"))).text();
  }
}

/// A callback of the runtime's that puts what it is told into that part of the answer.
template <class Value, class Told>
auto put(std::optional<Told> control_answer::*part, control_reply reply) {
  return [part, reply = std::move(reply)](const Value* value, const error* failure) {
    control_answer answer;
    if (failure)
      answer = told(*failure);
    else
      answer.*part = told(*value);
    reply(text_of(std::move(answer)));
  };
}

void serve(runtime& r, const std::string& line, const control_reply& reply) {
  const auto decoded = message::decode(type_of<control_request>(), line);
  const auto& request = decoded.as<control_request>();
  if (request.command == "stats") {
    control_answer answer;
    answer.stats = r.stats();
    reply(text_of(std::move(answer)));
  } else if (request.command == "nodes") {
    r.nodes([reply](const std::vector<node_status>* all, const error* failure) {
      control_answer answer;
      if (failure)
        answer = told(*failure);
      else
        answer.nodes = *all;
      reply(text_of(std::move(answer)));
    });
  } else if (request.command == "inspect") {
    r.inspect(heard_instance(request.instance),
              put<instance_report>(&control_answer::report, reply));
  } else if (request.command == "stuck") {
    r.stuck(std::min<std::size_t>(request.limit, most_listed), heard_instance(request.after),
            put<stuck_instances>(&control_answer::stuck, reply));
  } else {
    r.operate(heard_word(request), put<operator_answer>(&control_answer::operated, reply));
  }
}

} // namespace

control_handler serve_control(runtime& r) {
  return [&r](const std::string& line, const control_reply& reply) {
    try {
      serve(r, line, reply);
    } catch (const error& e) {
      reply(text_of(told(e)));
    }
  };
}

std::unique_ptr<control_socket> open_control(runtime& r, const std::string& journal) {
  if (journal == "memory:") return nullptr;
  const auto path = control_path(journal);
  if (!control_address::of(path)) {
    log().warn("there is no control socket: '{}' is too long a name for one", path.string());
    return nullptr;
  }
  return std::make_unique<control_socket>(path, serve_control(r));
}

} // namespace ensemble::internal
