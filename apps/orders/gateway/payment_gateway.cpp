#include "orders/gateway/payment_gateway.hpp"

#include <ensemble/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace orders {

namespace {

std::runtime_error failure(const std::string& what) {
  return std::runtime_error("payment gateway: " + what + ": " + std::strerror(errno));
}

} // namespace

payment_gateway::payment_gateway(const std::string& path) {
  const auto length = read_gateway_file(path, [&](gateway_entry entry) {
    auto& at = accounts_[entry.key];
    if (entry.operation == gateway_operation::cancel)
      at.cancelled = true;
    else
      at = {entry.operation, std::move(entry.order_id), entry.amount, false};
  });
  file_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(length)) != 0) {
    const auto why = failure("cannot open " + path);
    if (file_ >= 0) ::close(file_);
    throw ensemble::error(ensemble::errc::bad_argument, why.what());
  }
}

payment_gateway::~payment_gateway() { ::close(file_); }

void payment_gateway::charge(const std::string& key, const std::string& order_id, money amount) {
  std::unique_lock lock(mutex_);
  if (const auto known = accounts_.find(key); known != accounts_.end()) {
    const auto& it = known->second;
    if (it.cancelled) throw gateway_refusal("key " + key + " was cancelled");
    if (it.operation != gateway_operation::charge || it.order_id != order_id || it.amount != amount)
      throw gateway_refusal("key " + key + " stands for another request");
  } else {
    write({gateway_operation::charge, key, order_id, amount});
    accounts_[key] = {gateway_operation::charge, order_id, amount, false};
  }
  const auto up_to = written_; // a repeat, too, is answered only once the first is on the disk
  lock.unlock();
  flush(up_to);
}

void payment_gateway::refund(const std::string& key, const std::string& charge_key,
                             const std::string& order_id, money amount) {
  std::unique_lock lock(mutex_);
  if (const auto known = accounts_.find(key); known != accounts_.end()) {
    const auto& it = known->second;
    if (it.operation != gateway_operation::refund || it.order_id != order_id || it.amount != amount)
      throw gateway_refusal("key " + key + " stands for another request");
  } else {
    const auto charged = accounts_.find(charge_key);
    if (charged == accounts_.end() || charged->second.cancelled ||
        charged->second.operation != gateway_operation::charge ||
        charged->second.order_id != order_id || charged->second.amount != amount)
      throw gateway_refusal("nothing of that kind was charged under key " + charge_key);
    write({gateway_operation::refund, key, order_id, amount});
    accounts_[key] = {gateway_operation::refund, order_id, amount, false};
  }
  const auto up_to = written_;
  lock.unlock();
  flush(up_to);
}

void payment_gateway::cancel(const std::string& key, const std::string& order_id) {
  std::unique_lock lock(mutex_);
  auto& it = accounts_.try_emplace(key, account{gateway_operation::cancel, order_id, {}, false})
                 .first->second;
  if (!it.cancelled) {
    write({gateway_operation::cancel, key, order_id, it.amount});
    it.cancelled = true;
  }
  const auto up_to = written_;
  lock.unlock();
  flush(up_to);
}

void payment_gateway::write(const gateway_entry& entry) {
  const auto line = to_line(entry);
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw failure("cannot write its file");
  ++written_;
}

void payment_gateway::flush(std::uint64_t up_to) {
  const std::lock_guard lock(flushing_);
  if (flushed_ >= up_to)
    return; // somebody else's flush, begun after our line was written, has covered it
  std::uint64_t covered = 0;
  {
    const std::lock_guard counting(mutex_);
    covered = written_;
  }
  if (::fdatasync(file_) != 0) throw failure("cannot flush its file");
  flushed_ = covered;
}

} // namespace orders
