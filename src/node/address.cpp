#include "node/address.hpp"

#include <ensemble/error.hpp>

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace ensemble::node {

namespace {

template <int Family, class Address>
std::optional<Address> read_ip(const std::string& text) {
  Address found{};
  return ::inet_pton(Family, text.c_str(), &found) == 1 ? std::optional(found) : std::nullopt;
}

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw error(errc::bad_argument, "'" + std::string(text) + "' is no address of a node: " +
                                      std::string(why) + "; write HOST:PORT, or [IPV6]:PORT");
}

bool is_host_name(std::string_view text) {
  constexpr std::size_t longest = 253;
  return !text.empty() && text.size() <= longest &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
                                "_") == text.npos;
}

} // namespace

address parse_address(std::string_view text) {
  address found;
  const auto colon = text.rfind(':');
  if (colon == text.npos) refuse(text, "it has no port");
  const auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), found.port);
  if (read.ec != std::errc{} || read.ptr != port.data() + port.size())
    refuse(text, "its port is no number up to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    found.host = host.substr(1, host.size() - 2);
    if (!read_ip<AF_INET6, in6_addr>(found.host)) refuse(text, "that is no IPv6 address");
  } else {
    found.host = host;
    if (!is_host_name(host)) refuse(text, "no host has that name");
  }
  return found;
}

std::string to_string(const address& of) {
  const auto host = of.host.find(':') == of.host.npos ? of.host : "[" + of.host + "]";
  return host + ":" + std::to_string(of.port);
}

bool is_loopback(const address& of) {
  constexpr std::uint32_t net = 127;
  if (of.host == "localhost") return true;
  if (const auto ip = read_ip<AF_INET, in_addr>(of.host)) return ntohl(ip->s_addr) >> 24 == net;
  const auto ip = read_ip<AF_INET6, in6_addr>(of.host);
  return ip && IN6_IS_ADDR_LOOPBACK(&*ip);
}

} // namespace ensemble::node
