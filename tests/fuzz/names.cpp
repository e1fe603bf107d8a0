#include "model/names.hpp"
#include "fuzz/fuzz.hpp"
#include "model/json_writer.hpp"
#include "model/thrown.hpp"
#include "model/utf8.hpp"

#include <ensemble/event.hpp>
#include <ensemble/operator_word.hpp>
#include <ensemble/topic.hpp>

#include <optional>

namespace fuzz {

namespace {

using namespace ensemble;

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void topics(const std::string& pattern, const std::string& name) {
  std::optional<topic> made;
  if (refused({errc::bad_argument}, [&] { made.emplace(pattern); })) return;
  claim(made->name() == pattern, "a topic keeps its name");
  if (made->exact()) {
    claim(is_message_name(pattern), "an exact topic is a message's name");
    claim(made->matches(pattern) && made->matches(name) == (name == pattern), "an exact topic");
    return;
  }
  const auto prefix = std::string_view(pattern).substr(0, pattern.size() - 1);
  if (made->matches(name)) claim(name.starts_with(prefix), "a topic matches beginnings");
  const bool engines = name.starts_with("ensemble.") && !prefix.starts_with("ensemble.");
  if (!engines) claim(made->matches(name) == name.starts_with(prefix), "a topic with a star");
}

void streams(const std::string& category, const std::string& key) {
  const auto stream = make_stream_name(category, key);
  if (!is_name(category)) return;
  claim(category_of(stream) == category, "the category is what stands before the first dash");
  claim(stream.substr(category.size() + 1) == key, "the key is what stands behind it");
}

void instances(const std::string& text) {
  const auto id = parse_instance_id(text);
  if (!id) return;
  claim(to_string(*id).size() == 32 && parse_instance_id(to_string(*id)) == id,
        "an id reads back as itself");
  claim(start_of(*id).value == id->head(), "an instance's id begins with its position");
}

void shown(const std::string& text) {
  const auto quoted = quote(text);
  claim(is_utf8(quoted) && quoted.size() < 500, "what is quoted is short text");
  const auto kept = storable(text);
  claim(is_utf8(kept), "what is storable is UTF-8");
  claim(storable(kept) == kept, "what is storable stays so");
  if (is_utf8(text) && text.size() <= kept.size()) claim(kept == text, "text is kept");
}

} // namespace

/// Names, keys and ids as people and programs write them.
void names(input in) {
  const auto first = in.short_text();
  const auto second = in.rest();
  topics(first, second);
  streams(first, second);
  instances(second);
  shown(second);
  claim(!is_name(first) || is_message_name(first), "every name may be a message's");
}

} // namespace fuzz
