#pragma once

#include "orders/domain/fulfilment.hpp"

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>
#include <ensemble/runtime.hpp>
#include <ensemble/service.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace orders {

class payment_gateway;

/// What the shop is made of.
struct shop {
  std::vector<ensemble::service_definition> services{};
  ensemble::process_definition process{};
};

/// The shop, with so many units of each item. With a gateway payment is an effect outside; without
/// one it decides by itself.
[[nodiscard]] shop make_shop(std::int64_t units_an_item, const mishaps& m = {},
                             const std::shared_ptr<payment_gateway>& gateway = nullptr);

/// Gives a runtime that is not started yet the whole shop.
void set_up(ensemble::runtime& runtime, shop all, ensemble::process_mode mode);

/// Finds the shop's message types by name, for reading its journals. The engine's own messages
/// are not among them: they come as opaque texts.
[[nodiscard]] ensemble::type_lookup message_types();

/// Opens the shop's journal for reading. Throws as open_journal_reader does.
[[nodiscard]] std::unique_ptr<ensemble::journal_reader> open_shop_journal(const std::string& path);

} // namespace orders
