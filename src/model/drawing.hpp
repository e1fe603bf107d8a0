#pragma once

#include <ensemble/diagram.hpp>

#include <memory>
#include <string>
#include <vector>

namespace ensemble {

/// A drawing in one of the languages. Ids are made of numbers: names may be words of the language.
class drawing {
public:
  virtual ~drawing() = default;

  using lines = std::vector<std::string>;
  enum class shape { plain, conditional, awaiting, pivot, last_word, undo };
  /// Begins with a node of id `start`.
  virtual void begin(const std::string& title) = 0;
  virtual void node(const std::string& id, const lines& text, shape form) = 0;
  /// The label may be empty.
  virtual void edge(const std::string& from, const std::string& to, const lines& label = {}) = 0;
  /// A dashed one: the way back.
  virtual void back_edge(const std::string& from, const std::string& to, const lines& label) = 0;
  virtual void end() = 0;

  std::string text{};
};

[[nodiscard]] std::unique_ptr<drawing> make_drawing(diagram_format format);

} // namespace ensemble
