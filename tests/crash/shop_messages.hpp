#pragma once

#include <ensemble/message.hpp>

#include <string>
#include <vector>

namespace crash {

struct place {
  std::string order{};
  std::vector<std::string> items{};
};
struct placed {
  std::string order{};
  std::vector<std::string> items{};
};
ENSEMBLE_MESSAGE(place, 1, order, items)
ENSEMBLE_MESSAGE(placed, 1, order, items)

/// Several entities at once: one an item.
struct reserve {
  std::string order{};
  std::vector<std::string> items{};
};
struct release {
  std::string order{};
  std::vector<std::string> items{};
};
struct item_reserved {
  std::string item{};
  std::string order{};
};
struct item_released {
  std::string item{};
  std::string order{};
};
ENSEMBLE_MESSAGE(reserve, 1, order, items)
ENSEMBLE_MESSAGE(release, 1, order, items)
ENSEMBLE_MESSAGE(item_reserved, 1, item, order)
ENSEMBLE_MESSAGE(item_released, 1, item, order)

#define CRASH_MESSAGE(name)                                                                        \
  struct name {                                                                                    \
    std::string order{};                                                                           \
  };                                                                                               \
  ENSEMBLE_MESSAGE(name, 1, order)

CRASH_MESSAGE(charge)
CRASH_MESSAGE(charged)
CRASH_MESSAGE(declined)
CRASH_MESSAGE(refund)
CRASH_MESSAGE(refunded)
CRASH_MESSAGE(quote)
CRASH_MESSAGE(quoted)
CRASH_MESSAGE(approve)
CRASH_MESSAGE(approved)
CRASH_MESSAGE(approve_again)
CRASH_MESSAGE(approved_twice)
CRASH_MESSAGE(deny)
CRASH_MESSAGE(denied)
CRASH_MESSAGE(ship)
CRASH_MESSAGE(shipped)
CRASH_MESSAGE(notify)
CRASH_MESSAGE(notified)
CRASH_MESSAGE(undeliverable)
CRASH_MESSAGE(confirm)
CRASH_MESSAGE(confirmed)
CRASH_MESSAGE(cancel)
CRASH_MESSAGE(cancelled)
CRASH_MESSAGE(count_sale)
CRASH_MESSAGE(sale_counted)

#undef CRASH_MESSAGE

} // namespace crash
