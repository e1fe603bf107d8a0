#include "orders/commands/commands.hpp"
#include "orders/driver/failure_note.hpp"
#include "orders/driver/interrupt.hpp"
#include "orders/driver/node.hpp"
#include "orders/gateway/payment_gateway.hpp"
#include "orders/shop.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <ostream>
#include <thread>

namespace orders {

using namespace std::chrono_literals;

namespace {

ensemble::runtime_options runtime_options_of(const serve_options& options) {
  ensemble::runtime_options o;
  o.journal = options.journal;
  o.durability = options.durability;
  set_node(o, options.node);
  return o;
}

} // namespace

int serve_orders(const serve_options& options, std::ostream& out) {
  if (!spdlog::get("ensemble"))
    spdlog::stderr_logger_mt("ensemble")->set_level(spdlog::level::from_str(options.log));
  std::shared_ptr<payment_gateway> gateway;
  if (!options.gateway.empty()) gateway = std::make_shared<payment_gateway>(options.gateway);
  ensemble::runtime runtime(runtime_options_of(options));
  set_up(runtime, make_shop(options.stock, options.failures, gateway), options.mode);
  const auto failure = failure_note::of(runtime);
  runtime.start();
  catch_interrupts(); // while it waits to be let in, Ctrl-C ends it as usual
  if (options.node.listen.empty())
    out << "serving, joined to " << options.node.join << std::endl;
  else
    out << "serving at " << runtime.address() << std::endl;
  while (!interrupted() && !failure->failed()) std::this_thread::sleep_for(50ms);
  release_interrupts();
  runtime.stop();
  if (!failure->failed()) return 0;
  out << "the runtime failed: " << failure->text() << '\n';
  return 1;
}

} // namespace orders
