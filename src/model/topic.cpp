#include <ensemble/topic.hpp>

#include "model/json_writer.hpp"
#include "model/names.hpp"

#include <ensemble/error.hpp>

namespace ensemble {

namespace {

constexpr std::string_view engines_own = "ensemble.";

} // namespace

topic::topic(std::string_view pattern) : name_(pattern), exact_(!pattern.ends_with('*')) {
  const auto prefix = exact_ ? pattern : pattern.substr(0, pattern.size() - 1);
  if (!is_message_name(prefix) && (exact_ || !prefix.empty()))
    throw error(errc::bad_argument, "topic " + quote(pattern) +
                                        ": a topic is a message's name, or the beginning of one "
                                        "with a * behind it");
}

bool topic::matches(std::string_view message_name) const noexcept {
  if (exact_) return message_name == name_;
  const auto prefix = std::string_view(name_).substr(0, name_.size() - 1);
  if (!message_name.starts_with(prefix)) return false;
  return !message_name.starts_with(engines_own) || prefix.starts_with(engines_own);
}

} // namespace ensemble
