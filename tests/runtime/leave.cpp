#include "runtime/leave.hpp"
#include "runtime/tested_mode.hpp"

#include <stdexcept>
#include <thread>

namespace leave {

using namespace std::chrono_literals;
using ensemble::decision;

void host_services(ensemble::runtime& r, bool jammed) {
  r.host(
       ensemble::service<>("staff").on<ask_leave>(&ask_leave::id,
                                                  [](const ask_leave& c) -> decision<leave_asked> {
                                                    return leave_asked{c.id, c.ticket};
                                                  }))
      .host(ensemble::service<>("boss")
                .on<grant>(&grant::ticket,
                           [](const grant& c) -> decision<granted> { return granted{c.ticket}; })
                .on<deny>(&deny::ticket,
                          [](const deny& c) -> decision<denied> { return denied{c.ticket}; }))
      .host(ensemble::service<>("calendar")
                .on<book>(&book::id, [jammed](const book& c) -> decision<booked> {
                  if (jammed) throw std::runtime_error("no page left");
                  return booked{c.id};
                }));
}

ensemble::process_definition leaving(const options& o) {
  return ensemble::process<request>("leaving", "staff")
      .version(o.version)
      .deadline(24h)
      .starts_on<leave_asked>([breaks = o.breaks](request& r, const leave_asked& e) {
        if (breaks) throw std::runtime_error("a bug");
        r = {e.id, e.ticket};
      })
      .step("approval")
      .awaits<granted>(&granted::ticket, &request::ticket)
      .awaits_failure<denied>(&denied::ticket, &request::ticket)
      .within(o.within)
      .step(o.last_step)
      .after("approval")
      .delayed_by(o.booked_after)
      .asks("calendar", [](const request& r) { return book{r.id}; })
      .succeeds_on<booked>()
      .pivot()
      .retries({.attempts = 1'000'000, .attempt_within = 1h, .first_delay = 1ms, .max_delay = 2ms});
}

void set_up(ensemble::runtime& r, const options& o) {
  host_services(r, o.jammed);
  add_process(r, leaving(o));
}

std::vector<ensemble::receipt> ask(ensemble::runtime& r, const std::string& prefix, int count) {
  std::vector<std::future<ensemble::receipt>> sent;
  for (int n = 0; n < count; ++n) {
    const auto id = prefix + std::to_string(n);
    sent.push_back(r.send("staff", ask_leave{id, "t-" + id}));
  }
  std::vector<ensemble::receipt> receipts;
  for (auto& s : sent) receipts.push_back(s.get());
  return receipts;
}

void grant_all(ensemble::runtime& r, const std::string& prefix, int count) {
  std::vector<std::future<ensemble::receipt>> sent;
  for (int n = 0; n < count; ++n)
    sent.push_back(r.send("boss", grant{"t-" + prefix + std::to_string(n)}));
  for (auto& s : sent) (void)s.get();
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

} // namespace leave
