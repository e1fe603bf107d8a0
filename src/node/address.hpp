#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ensemble::node {

/// Where a node listens, or is to be found.
struct address {
  std::string host{}; ///< a name, or an IPv4 or IPv6 address; IPv6 without brackets
  std::uint16_t port{};
  friend bool operator==(const address&, const address&) = default;
};

/// Reads `HOST:PORT`, where an IPv6 address stands in brackets. Port 0 is any that is free, which
/// only listens. Throws errc::bad_argument, saying what is wrong with it.
[[nodiscard]] address parse_address(std::string_view text);

[[nodiscard]] std::string to_string(const address& of);

/// Whether only programs of this machine can reach it: 127.0.0.0/8, ::1 and `localhost`.
[[nodiscard]] bool is_loopback(const address& of);

} // namespace ensemble::node
