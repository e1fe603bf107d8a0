#pragma once

#include "orders/gateway/gateway_file.hpp"

#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace orders {

/// What the gateway refuses: a key that was cancelled or stands for another request, or a refund
/// of what was never charged.
class gateway_refusal : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A payment gateway as they are outside: it takes money for an idempotency key, and answers a
/// repeat of the request without taking it twice. It keeps a file with a line for each operation,
/// on the disk before the answer is given. For one process at a time; safe to use from several
/// threads, whose flushes are shared.
class payment_gateway {
public:
  /// Opens or makes the file, and cuts a last line that a kill has torn. Throws errc::bad_argument.
  explicit payment_gateway(const std::string& path);
  ~payment_gateway();
  payment_gateway(const payment_gateway&) = delete;
  payment_gateway& operator=(const payment_gateway&) = delete;

  /// Takes the amount. Throws gateway_refusal, and std::runtime_error when the file fails.
  void charge(const std::string& key, const std::string& order_id, money amount);
  /// Gives back what was charged under `charge_key`. Throws as charge does.
  void refund(const std::string& key, const std::string& charge_key, const std::string& order_id,
              money amount);
  /// Gives back what was charged under the key, if anything was, and refuses the key from now on.
  void cancel(const std::string& key, const std::string& order_id);

private:
  struct account {
    gateway_operation operation{}; ///< charge or refund; cancel: only cancelled
    std::string order_id{};
    money amount{};
    bool cancelled = false;
  };

  void write(const gateway_entry& entry);
  void flush(std::uint64_t up_to);

  std::mutex mutex_{};
  std::unordered_map<std::string, account> accounts_{}; ///< by key
  std::uint64_t written_ = 0;                           ///< lines, in this process
  std::mutex flushing_{};
  std::uint64_t flushed_ = 0;
  int file_ = -1;
};

} // namespace orders
