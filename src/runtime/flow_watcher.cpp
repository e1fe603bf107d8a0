#include "runtime/flow_watcher.hpp"

#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <utility>

namespace ensemble::internal {

namespace {
constexpr auto save_every = std::chrono::seconds(5);
constexpr std::string_view row_key = "graph";
} // namespace

flow_watcher::flow_watcher(caf::actor_config& config, environment_ptr env,
                           std::shared_ptr<journal_reader> reader, directory_ptr directory,
                           caf::actor supervisor)
    : base_actor(config, std::move(env), std::string(flow_role)),
      reader_(std::move(reader)),
      follower_(*this, [this](const batch_ptr& batch) { take(*batch); }) {
  directory_ = std::move(directory);
  supervisor_ = std::move(supervisor);
  set_exit_handler([this](caf::exit_msg& m) {
    saving_ = false;
    if (m.reason != caf::exit_reason::kill) save();
    quit(m.reason);
  });
}

caf::behavior flow_watcher::make_behavior() {
  join(directory_->journal_group);
  load();
  follower_.start(graph_.last(), *directory_);
  return {
      [this](const committed& m) { follower_.follow(m.batch, *directory_); },
      [this](const journal_page& m) { (void)follower_.page_read(m, *directory_); },
      [this](const ask_flow_graph& m) {
        this->env().gate.pass([callback = m.callback, graph = graph_] { (*callback)(graph); });
      },
      [this](const appends_done&) { saving_ = false; },
      [this](const directory_changed& m) {
        directory_ = m.now;
        if (m.restarted == reader_role) follower_.reader_replaced(*directory_);
        if (m.restarted == writer_role) saving_ = false; // the next save makes it good
      },
  };
}

void flow_watcher::on_exit() {
  follower_.clear();
  reader_.reset();
  base_actor::on_exit();
}

// A row of another format is not an error: the journal has all that it was made of.
void flow_watcher::load() {
  const auto rows = reader_->read_book(flow_graph_book);
  if (!rows.empty()) {
    try {
      graph_ = flow_graph::decode(rows.front().value);
    } catch (const error& e) {
      log().warn("the flow graph is made anew from the whole journal: {}", e.what());
    }
  }
  saved_ = graph_.last();
  saved_at_ = now();
  for (const auto& process : env().processes) graph_.name_process(process->name);
}

void flow_watcher::take(const committed_batch& batch) {
  const auto look_up = [this](const recorded_event& outcome) {
    return find_cause(*reader_, outcome);
  };
  try {
    for (const auto& event : batch.events) graph_.add(event, look_up);
  } catch (const error& e) {
    // What cannot be read cannot be worked with; guessing would be worse.
    log().critical("the journal cannot be read: {}", e.what());
    send(supervisor_, runtime_failed{std::make_shared<error>(e)});
    quit();
    return;
  }
  if (now() >= saved_at_ + save_every) save(); // else the next batch does, or the end
}

void flow_watcher::save() {
  if (saving_ || graph_.last() == saved_) return;
  saving_ = true;
  saved_at_ = now();
  saved_ = graph_.last();
  auto job = std::make_shared<append_job>();
  job->request.books.push_back(
      {std::string(flow_graph_book), std::string(row_key), graph_.encode()});
  job->from = caf::actor_cast<caf::actor>(this);
  send(directory_->writer, append_to_journal{std::move(job)});
}

} // namespace ensemble::internal
