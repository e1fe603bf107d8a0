#pragma once

#include <ensemble/ensemble.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

// A process that waits for an outside event: a leave is asked for, somebody grants or denies it,
// then it is booked. The request's key is that of the grant.

namespace leave {

struct ask_leave {
  std::string id{};
  std::string ticket{}; ///< by which it is granted
};
struct leave_asked {
  std::string id{};
  std::string ticket{};
};
struct grant {
  std::string ticket{};
};
struct granted {
  std::string ticket{};
};
struct deny {
  std::string ticket{};
};
struct denied {
  std::string ticket{};
};
struct book {
  std::string id{};
};
struct booked {
  std::string id{};
};
ENSEMBLE_MESSAGE(ask_leave, 1, id, ticket)
ENSEMBLE_MESSAGE(leave_asked, 1, id, ticket)
ENSEMBLE_MESSAGE(grant, 1, ticket)
ENSEMBLE_MESSAGE(granted, 1, ticket)
ENSEMBLE_MESSAGE(deny, 1, ticket)
ENSEMBLE_MESSAGE(denied, 1, ticket)
ENSEMBLE_MESSAGE(book, 1, id)
ENSEMBLE_MESSAGE(booked, 1, id)

struct request {
  std::string id{};
  std::string ticket{};
};

struct options {
  ensemble::duration within{};
  ensemble::duration booked_after{};
  int version = 1;
  std::string last_step = "booking"; ///< its name: a change of structure
  bool breaks = false;               ///< the fold of its first event throws
  bool jammed = false;               ///< "calendar" throws, for ever
};

/// "staff" takes requests, "boss" grants and denies, "calendar" books.
void host_services(ensemble::runtime& r, bool jammed = false);
ensemble::process_definition leaving(const options& o = {});
void set_up(ensemble::runtime& r, const options& o = {});

/// Asks for so many leaves, "<prefix>0" and up; the ticket of each is "t-" and its id.
std::vector<ensemble::receipt> ask(ensemble::runtime& r, const std::string& prefix, int count);
void grant_all(ensemble::runtime& r, const std::string& prefix, int count);

/// Waits, for at most half a minute, until it holds.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

} // namespace leave
