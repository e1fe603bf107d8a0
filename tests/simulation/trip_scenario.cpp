#include "simulation/trip_scenario.hpp"

#include "model/engine_messages.hpp"

#include <map>
#include <stdexcept>

namespace scenarios {

using namespace ensemble;
using namespace std::chrono_literals;

namespace {

struct book_trip {
  std::string id{};
};
struct trip_booked {
  std::string id{};
};
struct confirm_trip {
  std::string id{};
};
struct trip_confirmed {
  std::string id{};
};
struct cancel_trip {
  std::string id{};
};
struct trip_cancelled {
  std::string id{};
};
struct charge_card {
  std::string id{};
};
struct card_charged {
  std::string id{};
};
struct refund_card {
  std::string id{};
};
struct card_refunded {
  std::string id{};
};
struct approve_trip {
  std::string id{};
};
struct trip_approved {
  std::string id{};
};
struct take_seats {
  std::string id{};
};
struct seat_taken {
  std::string id{};
  int taken{}; ///< of the plane, with this one
};
struct free_seats {
  std::string id{};
};
struct seat_freed {
  std::string id{};
};
struct print_ticket {
  std::string id{};
};
struct ticket_printed {
  std::string id{};
};
struct write_letter {
  std::string id{};
};
struct letter_written {
  std::string id{};
};
ENSEMBLE_MESSAGE(book_trip, 1, id)
ENSEMBLE_MESSAGE(trip_booked, 1, id)
ENSEMBLE_MESSAGE(confirm_trip, 1, id)
ENSEMBLE_MESSAGE(trip_confirmed, 1, id)
ENSEMBLE_MESSAGE(cancel_trip, 1, id)
ENSEMBLE_MESSAGE(trip_cancelled, 1, id)
ENSEMBLE_MESSAGE(charge_card, 1, id)
ENSEMBLE_MESSAGE(card_charged, 1, id)
ENSEMBLE_MESSAGE(refund_card, 1, id)
ENSEMBLE_MESSAGE(card_refunded, 1, id)
ENSEMBLE_MESSAGE(approve_trip, 1, id)
ENSEMBLE_MESSAGE(trip_approved, 1, id)
ENSEMBLE_MESSAGE(take_seats, 1, id)
ENSEMBLE_MESSAGE(seat_taken, 1, id, taken)
ENSEMBLE_MESSAGE(free_seats, 1, id)
ENSEMBLE_MESSAGE(seat_freed, 1, id)
ENSEMBLE_MESSAGE(print_ticket, 1, id)
ENSEMBLE_MESSAGE(ticket_printed, 1, id)
ENSEMBLE_MESSAGE(write_letter, 1, id)
ENSEMBLE_MESSAGE(letter_written, 1, id)

} // namespace

struct bank_ledger {
  struct entry {
    int charges = 0;
    bool blocked = false;
  };
  std::map<std::string, entry> entries{};     ///< of charges, by idempotency key
  std::map<std::string, std::string> trips{}; ///< the trip of each
  std::map<std::string, int> refunds{};       ///< by idempotency key
  std::map<std::string, int> refunded{};      ///< by trip

  void charge(const std::string& key, const std::string& trip) {
    auto& e = entries[key];
    if (e.blocked) throw std::runtime_error("blocked");
    e.charges = 1;
    trips[key] = trip;
  }
  void cancel(const std::string& key) { entries[key] = {0, true}; }
  void refund(const std::string& key, const std::string& trip) {
    if (refunds[key]++ == 0) ++refunded[trip];
  }
  /// How often the trip's card is charged, and not refunded.
  [[nodiscard]] int charged(const std::string& trip) const {
    int sum = 0;
    for (const auto& [key, of] : trips)
      if (of == trip) sum += entries.at(key).charges;
    const auto back = refunded.find(trip);
    return sum - (back == refunded.end() ? 0 : back->second);
  }
};

namespace {

struct desk_state {
  bool booked = false;
  void apply(const trip_booked&) { booked = true; }
  void apply(const trip_confirmed&) {}
  void apply(const trip_cancelled&) {}
};

service_definition desk() {
  return service<desk_state>("desk")
      .on<book_trip>(&book_trip::id,
                     [](const desk_state& s, const book_trip& c) -> decision<trip_booked> {
                       if (s.booked) return reject("it is booked");
                       return trip_booked{c.id};
                     })
      .on<confirm_trip>(
          &confirm_trip::id,
          [](const confirm_trip& c) -> decision<trip_confirmed> { return trip_confirmed{c.id}; })
      .on<cancel_trip>(&cancel_trip::id, [](const cancel_trip& c) -> decision<trip_cancelled> {
        return trip_cancelled{c.id};
      });
}

service_definition bank(const std::shared_ptr<bank_ledger>& ledger) {
  return service<>("bank")
      .effect<charge_card>(
          &charge_card::id,
          [ledger](const charge_card& c, const effect_context& x) -> decision<card_charged> {
            ledger->charge(x.idempotency_key, c.id);
            return card_charged{c.id};
          })
      .cancels<charge_card>([ledger](const charge_card&, const effect_context& x) {
        ledger->cancel(x.idempotency_key);
      })
      .effect<refund_card>(
          &refund_card::id,
          [ledger](const refund_card& c, const effect_context& x) -> decision<card_refunded> {
            ledger->refund(x.idempotency_key, c.id);
            return card_refunded{c.id};
          });
}

service_definition office() {
  return service<>("office").on<approve_trip>(
      &approve_trip::id,
      [](const approve_trip& c) -> decision<trip_approved> { return trip_approved{c.id}; });
}

struct plane {
  int taken = 0;
  void apply(const seat_taken&) { ++taken; }
  void apply(const seat_freed&) { --taken; }
};

std::vector<std::string> planes(const std::string&) { return {"there", "back"}; }

service_definition airline() {
  return service<plane>("airline")
      .on_all<take_seats>(
          [](const take_seats& c) { return planes(c.id); },
          [](const entities<plane>& all, const take_seats& c) -> decision_on_all<seat_taken> {
            return {on("there", seat_taken{c.id, all.at("there").taken + 1}),
                    on("back", seat_taken{c.id, all.at("back").taken + 1})};
          })
      .on_all<free_seats>(
          [](const free_seats& c) { return planes(c.id); },
          [](const entities<plane>&, const free_seats& c) -> decision_on_all<seat_freed> {
            return {on("there", seat_freed{c.id}), on("back", seat_freed{c.id})};
          });
}

service_definition printer() {
  return service<>("printer").on<print_ticket>(
      [](const print_ticket& c) -> decision<ticket_printed> { return ticket_printed{c.id}; });
}

service_definition mail() {
  return service<>("mail")
      .on<write_letter>(
          &write_letter::id,
          [](const write_letter& c) -> decision<letter_written> { return letter_written{c.id}; })
      .reacts<trip_confirmed>([](const trip_confirmed& e) { return write_letter{e.id}; })
      .reacts<trip_cancelled>([](const trip_cancelled& e) { return write_letter{e.id}; });
}

struct trip {
  std::string id{};
};

/// In its first version seats were taken only when the trip was approved.
process_definition trip_process(int version) {
  const retry_policy often{3, 2s, 50ms, 1s};
  const auto before_seats = version == 1 ? "approval" : "card";
  return process<trip>("trip", "desk")
      .version(version)
      .deadline(24h * 3'000) // it awaits an approval, which comes
      .starts_on<trip_booked>([](trip& t, const trip_booked& e) { t.id = e.id; })
      .step("card")
      .asks("bank", [](const trip& t) { return charge_card{t.id}; })
      .succeeds_on<card_charged>()
      .undone_by<card_refunded>([](const trip& t) { return refund_card{t.id}; })
      .within(10s)
      .retries(often)
      .step("approval")
      .after("card")
      .awaits<trip_approved>(&trip_approved::id, &trip::id)
      .step("seats")
      .after(before_seats)
      .asks("airline", [](const trip& t) { return take_seats{t.id}; })
      .succeeds_on<seat_taken>()
      .undone_by<seat_freed>([](const trip& t) { return free_seats{t.id}; })
      .within(10s)
      .retries(often)
      .step("ticket")
      .after("approval", "seats")
      .pivot()
      .asks("printer", [](const trip& t) { return print_ticket{t.id}; })
      .succeeds_on<ticket_printed>()
      .within(10s)
      .retries(often)
      .completes<trip_confirmed>([](const trip& t) { return confirm_trip{t.id}; })
      .aborts<trip_cancelled>([](const trip& t) { return cancel_trip{t.id}; });
}

void check(journal_reader& journal, const bank_ledger& ledger,
           const simulation::tell_violation& tell) {
  std::map<std::string, int> confirmed;
  std::map<std::string, int> letters;
  std::map<std::string, int> seats;
  std::map<std::string, int> ended;
  std::map<std::string, int> taken; // by plane
  for (position next{1};;) {
    const auto page = journal.read_all(next);
    for (const auto& e : page) {
      if (const auto* c = e.body.get_if<trip_confirmed>()) ++confirmed[c->id], ++ended[c->id];
      if (const auto* c = e.body.get_if<trip_cancelled>()) ++ended[c->id];
      if (const auto* c = e.body.get_if<letter_written>()) ++letters[c->id];
      if (const auto* c = e.body.get_if<seat_taken>()) {
        ++seats[c->id];
        if (c->taken != ++taken[e.stream])
          tell("S11: " + e.stream + " counted " + std::to_string(c->taken) +
               " seats where the fold of all before gives " + std::to_string(taken[e.stream]));
      }
      if (const auto* c = e.body.get_if<seat_freed>()) {
        --seats[c->id];
        --taken[e.stream];
      }
      if (e.body.is<engine::process_timed_out>())
        tell("G9: a trip's time was over though it was approved");
    }
    if (page.size() < read_page) break;
    next = {page.back().position.value + 1};
  }
  for (const auto& [id, times] : ended) {
    const int once = confirmed[id];
    if (times != 1) tell("G1: trip " + id + " has ended " + std::to_string(times) + " times");
    if (ledger.charged(id) != once)
      tell("G4: trip " + id + " is charged " + std::to_string(ledger.charged(id)) +
           " times, and confirmed " + std::to_string(once) + " times");
    if (seats[id] != 2 * once)
      tell("G4: trip " + id + " has " + std::to_string(seats[id]) + " seats");
    if (letters[id] != 1)
      tell("C2: trip " + id + " has " + std::to_string(letters[id]) + " letters");
  }
}

} // namespace

simulation::scenario trip_scenario(std::uint64_t, std::size_t requests) {
  const auto ledger = std::make_shared<bank_ledger>();
  simulation::scenario s;
  s.services = {desk(), bank(ledger), office(), airline(), printer(), mail()};
  s.processes = {trip_process(1), trip_process(2)};
  s.subscriptions.push_back(subscription("diary")
                                .on_topic("*", [](const subscribed_event&) {})
                                .ordered_by(order_key::correlation)
                                .workers(2));
  for (std::size_t n = 0; n < requests; ++n) {
    const auto id = "t" + std::to_string(n);
    s.requests.push_back({"office", approve_trip{id}});
    s.requests.push_back({"desk", book_trip{id}});
    if (n % 3 == 0) s.requests.push_back({"desk", book_trip{id}}); // twice, by two clients
  }
  s.check = [ledger](journal_reader& journal, const simulation::tell_violation& tell) {
    check(journal, *ledger, tell);
  };
  return s;
}

} // namespace scenarios
