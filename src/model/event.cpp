#include <ensemble/event.hpp>

namespace ensemble {

std::string_view category_of(std::string_view stream) noexcept {
  return stream.substr(0, stream.find('-'));
}

std::string make_stream_name(std::string_view category, std::string_view key) {
  std::string name;
  name.reserve(category.size() + 1 + key.size());
  name += category;
  name += '-';
  name += key;
  return name;
}

} // namespace ensemble
