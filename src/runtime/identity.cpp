#include "runtime/identity.hpp"

#include <ensemble/error.hpp>

#include <openssl/evp.h>

#include <cstring>
#include <random>

namespace ensemble::internal {

namespace {

std::uint64_t chance() {
  thread_local std::mt19937_64 engine{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }()};
  return engine();
}

std::uint64_t nanoseconds(timestamp now) {
  return static_cast<std::uint64_t>(now.time_since_epoch().count());
}

} // namespace

command_id command_id_for_key(std::string_view service, std::string_view key) {
  std::string text(service);
  text.push_back('\0'); // no service name contains it
  text += key;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1)
    throw error(errc::wrong_state, "SHA-256 is not available from the system's OpenSSL");
  command_id id;
  std::memcpy(id.bytes.data(), digest, id.bytes.size());
  return id;
}

command_id random_command_id(timestamp now) { return command_id::of(nanoseconds(now), chance()); }

correlation_id random_correlation_id(timestamp now) {
  return correlation_id::of(nanoseconds(now), chance());
}

} // namespace ensemble::internal
