#include "fuzz/fuzz.hpp"
#include "runtime/control_messages.hpp"

namespace fuzz {

namespace {

using namespace ensemble;
using namespace ensemble::internal;

void ask(const std::string& line) {
  const auto m = message::decode(type_of<control_request>(), line);
  const auto word = heard_word(m.as<control_request>());
  const auto told_again = told(word);
  const auto again =
      heard_word(message::decode(type_of<control_request>(), message(told_again).text())
                     .as<control_request>());
  claim(message(told(again)) == message(told_again), "a word that was told is heard as itself");
  claim(again.instance == word.instance && again.verb == word.verb &&
            again.direction == word.direction && again.reason == word.reason,
        "a word keeps what it says");
}

void answer(const std::string& line) {
  const auto m = message::decode(type_of<control_answer>(), line);
  const auto& heard_answer = m.as<control_answer>();
  if (!heard_answer.failure.empty()) {
    const auto failure = failure_of(heard_answer);
    const auto again = failure_of(told(failure));
    claim(again.code() == failure.code(), "a failure keeps its code");
  }
  control_answer again;
  if (heard_answer.operated) again.operated = told(heard(*heard_answer.operated));
  if (heard_answer.report) again.report = told(heard(*heard_answer.report));
  if (heard_answer.stuck) again.stuck = told(heard(*heard_answer.stuck));
  again.stats = heard_answer.stats;
  const auto text = message(again).text();
  const auto twice = message::decode(type_of<control_answer>(), text);
  claim(message(twice.as<control_answer>()).text() == text, "an answer is heard as it was told");
}

} // namespace

/// The lines of the control socket, both ways.
void control(input in) {
  const bool asks = in.flag();
  const auto line = in.rest();
  (void)refused({errc::bad_message, errc::bad_argument}, [&] { asks ? ask(line) : answer(line); });
}

} // namespace fuzz
