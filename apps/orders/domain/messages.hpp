#pragma once

// Every message of the demo. Each stands at the head of the service that owns it; commands say
// what shall happen, events what has happened. Their names and fields are a storage format.

#include "orders/domain/order.hpp"
#include "orders/domain/payment.hpp"
#include "orders/domain/shipping.hpp"
#include "orders/domain/stock.hpp"
