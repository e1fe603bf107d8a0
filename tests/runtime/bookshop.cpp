#include "runtime/bookshop.hpp"
#include "runtime/tested_mode.hpp"

#include <chrono>
#include <stdexcept>

namespace bookshop {

using namespace std::chrono_literals;
using ensemble::decision;
using ensemble::reject;

namespace {
bool begins(const std::string& id, std::string_view with) { return id.rfind(with, 0) == 0; }
} // namespace

ensemble::service_definition shop() {
  return ensemble::service<purchase>("shop")
      .on<buy>(&buy::id,
               [](const purchase& p, const buy& c) -> decision<bought> {
                 if (p.exists) return reject("bought already");
                 if (c.price < 0) throw std::runtime_error("a price below zero");
                 if (c.price == 0) return reject("nothing is free");
                 return bought{c.id, c.price};
               })
      .on<confirm>(&confirm::id,
                   [](const purchase&, const confirm& c) -> decision<confirmed> {
                     if (begins(c.id, "unconfirmable")) return reject("never");
                     return confirmed{c.id};
                   })
      .on<cancel>(&cancel::id, [](const purchase&, const cancel& c) -> decision<cancelled> {
        return cancelled{c.id, c.why};
      });
}

ensemble::service_definition till(till_switches* s) {
  return ensemble::service<till_state>("till")
      .on<charge>(&charge::id,
                  [s](const till_state&, const charge& c) -> decision<charged, declined> {
                    if (s) ++s->calls;
                    if (s && s->throws > 0) {
                      --s->throws;
                      throw std::runtime_error("the till jams");
                    }
                    if (begins(c.id, "declined")) return declined{c.id};
                    if (begins(c.id, "rejected")) return reject("we do not serve you");
                    if (begins(c.id, "nothing")) return {};
                    return charged{c.id};
                  })
      .on<refund>(&refund::id, [s](const till_state&, const refund& c) -> decision<refunded> {
        if (s && s->refuses_refunds) return reject("no refunds today");
        return refunded{c.id};
      });
}

ensemble::service_definition packing_table() {
  return ensemble::service<>("table").on<pack>(
      [](const pack& c) {
        return std::string("one");
        (void)c;
      },
      [](const pack& c) -> decision<packed, unpackable> {
        if (begins(c.id, "unpackable")) return unpackable{c.id};
        return packed{c.id};
      });
}

ensemble::process_definition selling(ensemble::retry_policy retries) {
  return ensemble::process<sale>("selling", "shop")
      .deadline(1h)
      .retries(retries)
      .starts_on<bought>([](sale& s, const bought& e) {
        s.id = e.id;
        s.price = e.price;
      })
      .step("pay")
      .asks("till",
            [](const sale& s) {
              return charge{s.id, s.price};
            })
      .succeeds_on<charged>()
      .fails_on<declined>([](sale& s, const declined&) { s.why = "declined"; })
      .undone_by<refunded>([](const sale& s) { return refund{s.id}; })
      .retries(retries)
      .step("pack")
      .after("pay")
      .pivot()
      .asks("table", [](const sale& s) { return pack{s.id}; })
      .succeeds_on<packed>()
      .fails_on<unpackable>([](sale& s, const unpackable&) { s.why = "unpackable"; })
      .retries(retries)
      .completes<confirmed>([](const sale& s) { return confirm{s.id}; })
      .aborts<cancelled>([](const sale& s) {
        return cancel{s.id, s.why};
      });
}

ensemble::runtime_options in_memory() {
  ensemble::runtime_options options;
  options.recovery_grace = 100ms;
  return options;
}

void set_up(ensemble::runtime& r, till_switches* switches, ensemble::retry_policy retries) {
  r.host(shop()).host(till(switches)).host(packing_table());
  add_process(r, selling(retries));
}

} // namespace bookshop
