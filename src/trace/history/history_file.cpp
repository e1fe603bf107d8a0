#include <ensemble/history_file.hpp>

#include "model/json_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <unordered_map>

namespace ensemble {

ENSEMBLE_ENUM(effect_entry::kind, effect, cancel)
ENSEMBLE_ENUM(subscription_entry::kind, began, handled, failed, restarted, checkpoint)
ENSEMBLE_ENUM(order_key, stream, correlation)

namespace trace {

// The lines of a history's file. Their names and fields are a storage format: they never change.

struct began_line {
  std::string session{};
};
ENSEMBLE_MESSAGE_NAMED(began_line, "began", 1, session)

struct event_line {
  std::uint64_t position{};
  std::string stream{};
  std::uint64_t version{};
  std::string id{};
  std::uint32_t index{};
  bool last{};
  std::string name{};
  int schema_version{};
  std::string text{}; ///< empty: too long to be kept
};
ENSEMBLE_FIELDS(event_line, position, stream, version, id, index, last, name, schema_version, text)

struct asked_line {
  std::string op{};
  std::string service{};
  std::string command{};
  std::string key{};
  std::string id{};
};
ENSEMBLE_MESSAGE_NAMED(asked_line, "asked", 1, op, service, command, key, id)

struct told_line {
  std::string op{};
  told_answer answer{};
  std::string id{};
  std::string stream{};
  std::vector<event_line> events{};
  std::string refusal{};
  bool repeated{};
};
ENSEMBLE_MESSAGE_NAMED(told_line, "told", 1, op, answer, id, stream, events, refusal, repeated)

struct append_part_line {
  std::string stream{};
  std::optional<std::uint64_t> expected{};
  std::vector<event_line> events{};
};
ENSEMBLE_FIELDS(append_part_line, stream, expected, events)

struct append_line {
  std::string op{};
  std::vector<append_part_line> streams{};
};
ENSEMBLE_MESSAGE_NAMED(append_line, "append", 1, op, streams)

struct appended_line {
  std::string op{};
  told_append answer{};
  std::uint64_t first{};
  std::uint64_t last{};
  std::vector<std::uint64_t> lengths{};
};
ENSEMBLE_MESSAGE_NAMED(appended_line, "appended", 1, op, answer, first, last, lengths)

struct effect_line {
  std::string service{};
  std::string key{};
  std::string what{};
  effect_entry::kind did{};
  std::uint64_t times{};
};
ENSEMBLE_MESSAGE_NAMED(effect_line, "effect", 1, service, key, what, did, times)

struct subscription_line {
  std::string name{};
  std::vector<std::string> topics{};
  order_key ordered_by{};
  std::uint64_t from{};
  int attempts{};
};
ENSEMBLE_MESSAGE_NAMED(subscription_line, "subscription", 1, name, topics, ordered_by, from,
                       attempts)

struct saw_line {
  std::string subscription{};
  subscription_entry::kind what{};
  std::uint64_t at{};
  std::string key{};
  std::vector<std::uint64_t> parked{};
};
ENSEMBLE_MESSAGE_NAMED(saw_line, "saw", 1, subscription, what, at, key, parked)

struct parked_line {
  std::string subscription{};
  std::uint64_t at{};
  std::string event{};
  std::string stream{};
  std::string key{};
  std::string cause{};
  int attempts{};
};
ENSEMBLE_MESSAGE_NAMED(parked_line, "parked", 1, subscription, at, event, stream, key, cause,
                       attempts)

/// One line: exactly one of these.
struct history_line {
  std::optional<began_line> began{};
  std::optional<asked_line> asked{};
  std::optional<told_line> told{};
  std::optional<append_line> append{};
  std::optional<appended_line> appended{};
  std::optional<effect_line> effect{};
  std::optional<subscription_line> subscription{};
  std::optional<saw_line> saw{};
  std::optional<parked_line> parked{};
};
ENSEMBLE_MESSAGE_NAMED(history_line, "history_line", 1, began, asked, told, append, appended,
                       effect, subscription, saw, parked)

} // namespace trace

namespace {

/// Texts of one line together; of more none is kept. Escaped they may take six times as much.
constexpr std::size_t kept_text = 128 * 1024;

template <class Id>
Id id_from(const std::string& hex) {
  Id id;
  if (hex.empty()) return id;
  const auto refuse = [&] {
    throw error(errc::bad_argument, quote(hex) + " is no id: 32 hexadecimal digits");
  };
  if (hex.size() != 2 * id.bytes.size()) refuse();
  const auto digit = [&](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c < 'a' || c > 'f') refuse();
    return c - 'a' + 10;
  };
  for (std::size_t n = 0; n < id.bytes.size(); ++n)
    id.bytes[n] = static_cast<std::uint8_t>(digit(hex[2 * n]) * 16 + digit(hex[2 * n + 1]));
  return id;
}

template <class Id>
std::string hex_of(const Id& id) {
  return id ? to_string(id) : std::string();
}

trace::event_line line_of(const recorded_event& e) {
  return {e.position.value,
          e.stream,
          e.version.value,
          hex_of(e.id),
          e.index,
          e.last,
          std::string(e.body.name()),
          e.body.schema_version(),
          e.body.text()};
}

recorded_event event_from(const trace::event_line& line) {
  recorded_event e;
  e.position.value = line.position;
  e.stream = line.stream;
  e.version.value = line.version;
  e.id = id_from<event_id>(line.id);
  e.index = line.index;
  e.last = line.last;
  e.body = message::opaque(line.name, line.schema_version, line.text);
  return e;
}

void shorten(std::vector<trace::event_line*> events) {
  std::size_t all = 0;
  for (const auto* e : events) all += e->text.size();
  if (all > kept_text)
    for (auto* e : events) e->text.clear();
}

template <class Line>
std::string json_of(const Line& line) {
  return write_json(type_of<Line>(), &line);
}

[[noreturn]] void fail(const std::string& what) {
  throw error(errc::bad_argument, what + ": " + std::strerror(errno));
}

/// Gathers a history from its lines.
class history_lines {
public:
  void take(const trace::history_line& line, history_moment at) {
    int kinds = 0;
    const auto on = [&](const auto& part, auto member) {
      if (!part) return;
      ++kinds;
      (this->*member)(*part, at);
    };
    if (line.began) ++kinds;
    on(line.asked, &history_lines::asked);
    on(line.told, &history_lines::told);
    on(line.append, &history_lines::append);
    on(line.appended, &history_lines::appended);
    on(line.effect, &history_lines::effect);
    on(line.subscription, &history_lines::subscription);
    on(line.saw, &history_lines::saw);
    on(line.parked, &history_lines::parked);
    if (kinds != 1) throw error(errc::bad_argument, "it says nothing that a history knows");
  }
  history gathered{};

private:
  void asked(const trace::asked_line& line, history_moment at) {
    commands_[line.op] = gathered.commands.size(); // an earlier one of that name stays unanswered
    asked_command c;
    c.service = line.service;
    c.command = line.command;
    c.idempotency_key = line.key;
    c.id = id_from<command_id>(line.id);
    c.asked = at;
    gathered.commands.push_back(std::move(c));
  }
  void told(const trace::told_line& line, history_moment at) {
    auto& c = gathered.commands[number(commands_, line.op)];
    if (!line.id.empty()) c.id = id_from<command_id>(line.id);
    c.answer = line.answer;
    c.answered = at;
    c.stream = line.stream;
    c.refusal = line.refusal;
    c.repeated = line.repeated;
    for (const auto& e : line.events) c.events.push_back(event_from(e));
  }
  void append(const trace::append_line& line, history_moment at) {
    appends_[line.op] = gathered.appends.size();
    asked_append a;
    a.asked = at;
    for (const auto& part : line.streams) {
      const auto expected =
          part.expected ? expected_version::exactly(*part.expected) : expected_version::any();
      a.request.streams.push_back({part.stream, expected, {}});
      for (const auto& e : part.events) {
        auto from = event_from(e);
        a.request.streams.back().events.push_back(
            {from.id, from.index, from.last, {}, std::move(from.body)});
      }
    }
    if (a.request.streams.empty() || a.request.streams.front().events.empty())
      throw error(errc::bad_argument, "an append needs an event");
    gathered.appends.push_back(std::move(a));
  }
  void appended(const trace::appended_line& line, history_moment at) {
    auto& a = gathered.appends[number(appends_, line.op)];
    a.answer = line.answer;
    a.answered = at;
    a.result.first.value = line.first;
    a.result.last.value = line.last;
    a.result.lengths = line.lengths;
  }
  void effect(const trace::effect_line& line, history_moment) {
    for (auto& ledger : gathered.ledgers)
      if (ledger.service == line.service) {
        ledger.entries.push_back({line.key, line.what, line.did, line.times});
        return;
      }
    gathered.ledgers.push_back({line.service, {{line.key, line.what, line.did, line.times}}});
  }
  void subscription(const trace::subscription_line& line, history_moment) {
    if (known(line.name)) return; // another life of it
    for (const auto& name : line.topics) (void)topic(name);
    gathered.subscriptions.push_back(
        {line.name, line.topics, line.ordered_by, {line.from}, line.attempts, {}, {}});
  }
  void saw(const trace::saw_line& line, history_moment) {
    auto& s = of(line.subscription);
    s.entries.push_back({line.what, {line.at}, line.key, {}});
    for (const auto at : line.parked) s.entries.back().parked.push_back({at});
  }
  void parked(const trace::parked_line& line, history_moment) {
    of(line.subscription)
        .parked.push_back(
            {{line.at}, line.event, line.stream, line.key, line.cause, line.attempts, {}});
  }

  static std::size_t number(const std::unordered_map<std::string, std::size_t>& of,
                            const std::string& op) {
    const auto found = of.find(op);
    if (found == of.end())
      throw error(errc::bad_argument, "it answers " + quote(op) + ", which was not asked");
    return found->second;
  }
  subscription_history* known(const std::string& name) {
    for (auto& s : gathered.subscriptions)
      if (s.name == name) return &s;
    return nullptr;
  }
  subscription_history& of(const std::string& name) {
    if (auto* s = known(name)) return *s;
    throw error(errc::bad_argument, "there is no subscription " + quote(name) + " before it");
  }

  std::unordered_map<std::string, std::size_t> commands_{};
  std::unordered_map<std::string, std::size_t> appends_{};
};

} // namespace

history_writer::history_writer(const std::string& path, std::string session)
    : file_(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644)),
      session_(std::move(session)) {
  if (file_ < 0) fail(path);
  try {
    struct stat status {};
    char end = '\n';
    if (::fstat(file_, &status) != 0) fail(path);
    if (status.st_size > 0 && ::pread(file_, &end, 1, status.st_size - 1) != 1) fail(path);
    if (end != '\n' && ::write(file_, "\n", 1) != 1) fail(path);
    line("began", json_of(trace::began_line{session_}));
  } catch (...) {
    ::close(file_);
    throw;
  }
}

history_writer::~history_writer() { ::close(file_); }

std::string history_writer::operation(std::uint64_t number) const {
  return session_ + "." + std::to_string(number);
}

void history_writer::line(std::string_view kind, const std::string& body) {
  const auto text = "{\"" + std::string(kind) + "\":" + body + "}\n";
  if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    fail("the file of the history");
}

std::uint64_t history_writer::asked(const asked_command& c) {
  const auto number = ++operations_;
  line("asked", json_of(trace::asked_line{operation(number), c.service, c.command,
                                          c.idempotency_key, hex_of(c.id)}));
  return number;
}

void history_writer::told(std::uint64_t asked, const asked_command& c) {
  trace::told_line told{operation(asked), c.answer,  hex_of(c.id), c.stream, {},
                        c.refusal,        c.repeated};
  for (const auto& e : c.events) told.events.push_back(line_of(e));
  std::vector<trace::event_line*> all;
  for (auto& e : told.events) all.push_back(&e);
  shorten(all);
  line("told", json_of(told));
}

std::uint64_t history_writer::asked(const asked_append& a) {
  const auto number = ++operations_;
  trace::append_line append{operation(number), {}};
  for (const auto& part : a.request.streams) {
    append.streams.push_back({part.stream, part.expected.length(), {}});
    for (const auto& e : part.events)
      append.streams.back().events.push_back(
          line_of({{}, part.stream, {}, {}, e.id, e.index, e.last, {}, e.body}));
  }
  std::vector<trace::event_line*> all;
  for (auto& part : append.streams)
    for (auto& e : part.events) all.push_back(&e);
  shorten(all);
  line("append", json_of(append));
  return number;
}

void history_writer::told(std::uint64_t asked, const asked_append& a) {
  line("appended", json_of(trace::appended_line{operation(asked), a.answer, a.result.first.value,
                                                a.result.last.value, a.result.lengths}));
}

void history_writer::effect(std::string_view service, const effect_entry& e) {
  line("effect", json_of(trace::effect_line{std::string(service), e.key, e.what, e.did, e.times}));
}

void history_writer::subscribed(const subscription_history& s) {
  line("subscription",
       json_of(trace::subscription_line{s.name, s.topics, s.ordered_by, s.from.value, s.attempts}));
}

void history_writer::saw(std::string_view subscription, const subscription_entry& e) {
  trace::saw_line saw{std::string(subscription), e.what, e.at.value, e.idempotency_key, {}};
  for (const auto at : e.parked) saw.parked.push_back(at.value);
  line("saw", json_of(saw));
}

void history_writer::parked(std::string_view subscription, const parked_event& e) {
  line("parked", json_of(trace::parked_line{std::string(subscription), e.position.value, e.event,
                                            e.stream, e.order_key, e.cause, e.attempts}));
}

history_file read_history(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path);
  history_file file;
  history_lines lines;
  std::string torn; ///< why the line before this one could not be read
  history_moment number = 0;
  const auto where = [&](const error& e) {
    return path + ", line " + std::to_string(number) + ": " + e.what();
  };
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in.eof()) { // without its end: torn by a kill
      if (!line.empty()) ++file.torn;
      break;
    }
    message read;
    try {
      read = message::decode(type_of<trace::history_line>(), line);
    } catch (const error& e) {
      if (!torn.empty()) throw error(errc::bad_argument, torn);
      torn = where(e);
      continue;
    }
    const auto& parts = read.as<trace::history_line>();
    if (!torn.empty()) {
      if (!parts.began) throw error(errc::bad_argument, torn);
      torn.clear();
      ++file.torn;
    }
    try {
      lines.take(parts, number);
    } catch (const error& e) {
      throw error(errc::bad_argument, where(e));
    }
    ++file.lines;
  }
  if (!torn.empty()) throw error(errc::bad_argument, torn);
  file.told = std::move(lines.gathered);
  return file;
}

} // namespace ensemble
