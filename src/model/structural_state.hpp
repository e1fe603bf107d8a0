#pragma once

#include "model/instance.hpp"

#include <string>

namespace ensemble {

// What of an instance decides what may happen to it next: the states of its assignments and its
// phase. Not its rounds, times, reasons and messages.

/// The structural part of an instance as bytes: equal for instances that behave alike.
[[nodiscard]] std::string structural_key(const instance& i);

/// The instance with that structural part; all else is as in `blank`, an instance of the same
/// process that has just begun.
[[nodiscard]] instance with_structure(const instance& blank, const std::string& key);

/// The same key for states that differ only in how a step came to be settled, where that can no
/// longer matter: on the way back a step that never happened equals one that was undone, and after
/// the pivot one that was passed over equals one that was done.
[[nodiscard]] std::string settled_key(const instance& i);

/// Whether nothing that happens to one assignment can change what may happen to another one, but
/// for letting it begin: on the way back, after the pivot, and at the end.
[[nodiscard]] bool assignments_commute(const instance& i) noexcept;

} // namespace ensemble
