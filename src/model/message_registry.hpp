#pragma once

#include <ensemble/message.hpp>

#include <map>
#include <string>
#include <string_view>

namespace ensemble {

/// Which type stands behind a stored message name. Filled before the start by one thread; from
/// then on only read, by any number of threads.
class message_registry {
public:
  /// Registers a user's message. The same type again is fine. Throws errc::duplicate_message when
  /// another type has the name; errc::bad_definition for a name that does not match
  /// `[a-z][a-z0-9_.]*`, is longer than 200 bytes or begins with `ensemble.`, which is kept for
  /// the engine's own messages, and for a schema version below 1.
  void add(const message_type& type);
  /// Registers a message of the engine; its name must begin with `ensemble.`.
  void add_engine(const message_type& type);

  /// The type of that name, or null.
  [[nodiscard]] const message_type* find(std::string_view name) const;

  /// A message from its stored form. Throws errc::unknown_message for a name that nothing
  /// registered; errc::newer_schema when it was stored under a newer schema version than the
  /// type's; errc::bad_message when the text does not fit.
  [[nodiscard]] message decode(std::string_view name, int schema_version, std::string text) const;

private:
  void insert(const message_type& type);

  std::map<std::string_view, const message_type*> types_{}; ///< the names live in the types
};

} // namespace ensemble
