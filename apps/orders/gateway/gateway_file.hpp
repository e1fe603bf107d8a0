#pragma once

#include "orders/domain/money.hpp"

#include <ensemble/fields.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace orders {

enum class gateway_operation { charge, refund, cancel };
ENSEMBLE_ENUM(gateway_operation, charge, refund, cancel)

/// One line of a gateway's file.
struct gateway_entry {
  gateway_operation operation{};
  std::string key{}; ///< the idempotency key of the request; of a cancel: of the charge
  std::string order_id{};
  money amount{};

  friend bool operator==(const gateway_entry&, const gateway_entry&) = default;
};

/// The entry as a line of JSON, with the line's end.
[[nodiscard]] std::string to_line(const gateway_entry& entry);

/// Tells every whole line of the file. A last line without its end was torn by a kill, so nobody
/// had an answer to it: it is left out. Returns the length of the whole lines in bytes; 0 for a
/// file that is not there. Throws errc::bad_argument, naming the line, for anything else.
std::uint64_t read_gateway_file(const std::string& path,
                                const std::function<void(gateway_entry)>& tell);

} // namespace orders
