#include "fuzz/damaged_journal.hpp"

#include <array>
#include <filesystem>

namespace fuzz {

namespace {

using namespace ensemble;

bool same(const recorded_event& a, const recorded_event& b) {
  return a.position == b.position && a.stream == b.stream && a.version == b.version &&
         a.time == b.time && a.id == b.id && a.index == b.index && a.last == b.last &&
         a.origin == b.origin && a.body == b.body;
}

/// One file, opened and read in every way.
class trial {
public:
  /// `forged`: what is read need not be what was written; it must only end in an answer.
  trial(const real_journals& real, bool forged, bool verifies)
      : real_(real), forged_(forged), verifies_(verifies) {
    options_.path = real.path;
    options_.durability = durability::relaxed;
    options_.headroom = 0;
  }

  void own() {
    std::unique_ptr<journal> j;
    if (refused(opening, [&] { j = open_journal(options_); })) return;
    new_event e;
    e.id = event_id::of(1'000'000, 1);
    e.body = message::opaque("thing_happened", 1, "{}");
    append_request more;
    more.streams.push_back({"thing-0", expected_version::any(), {std::move(e)}});
    append_result done;
    if (refused(using_it, [&] {
          done = j->commit(std::array{std::move(more)}, timestamp(std::chrono::hours(1))).at(0);
        }))
      return;
    std::unique_ptr<journal_reader> reader;
    if (refused(opening, [&] { reader = j->open_reader(); })) return;
    (void)refused(using_it, [&] {
      const auto found = reader->find("thing-0", event_id::of(1'000'000, 1));
      claim(forged_ || (found && found->position == done.first), "what was recorded is there");
    });
    added_ = done.first.value;
    read_all_of(*reader);
  }

  void read() {
    std::unique_ptr<journal_reader> reader;
    if (refused(opening, [&] { reader = open_journal_reader(options_); })) return;
    read_all_of(*reader);
  }

private:
  static constexpr std::initializer_list<errc> opening{errc::journal_damaged, errc::journal_foreign,
                                                       errc::journal_failed};
  static constexpr std::initializer_list<errc> using_it{errc::journal_damaged,
                                                        errc::journal_failed};

  /// S9: the right bytes, or an error.
  void hold(const std::vector<recorded_event>& read) const {
    if (forged_) return;
    for (const auto& e : read) {
      if (e.position.value == added_) continue;
      const auto at = e.position.value - 1;
      claim(at < real_.events.size() && same(e, real_.events[at]), "the right bytes or an error");
    }
  }

  void read_all_of(journal_reader& r) {
    const auto attempt = [&](auto read) { (void)refused(using_it, [&] { hold(read()); }); };
    attempt([&] { return r.read_all({1}); });
    attempt([&] { return r.read_all({5}, 3); });
    for (const auto* stream : {"thing-0", "thing-1", "thing-2"})
      attempt([&] { return r.read_stream(stream, {0}); });
    attempt([&] { return r.read_instance(make_instance_id({2}, "sale"), {}); });
    attempt([&] { return r.read_correlation(correlation_id::of(2, 9), {}); });
    attempt([&] {
      const auto one = r.find("thing-1", event_id::of(4, 1));
      return one ? std::vector{*one} : std::vector<recorded_event>{};
    });
    (void)refused(using_it, [&] {
      for (const auto& row : r.read_book("book"))
        claim(forged_ || (row.key.starts_with("key") && row.value.size() <= 2),
              "the right row or an error");
    });
    (void)refused(using_it, [&] { (void)r.stream_names("thing", ""); });
    (void)refused(using_it, [&] { (void)r.message_names(); });
    if (!verifies_) return;
    page_through(r);
    (void)refused(using_it, [&] { (void)r.verify([](const std::string&) {}); });
  }

  /// As the runtime reads: each page behind the last one, until there is none. It ends.
  void page_through(journal_reader& r) const {
    const auto instance = make_instance_id({2}, "sale");
    (void)refused(using_it, [&] {
      for (auto page = r.read_instance(instance, {}, 2); !page.empty();
           page = r.read_instance(instance, page.back().position, 2))
        hold(page);
    });
    (void)refused(using_it, [&] {
      for (auto page = r.read_book("book", {}, 1); !page.empty();)
        page = r.read_book("book", page.back().key, 1);
    });
    (void)refused(using_it, [&] {
      for (auto page = r.stream_names("thing", "", 1); !page.empty();)
        page = r.stream_names("thing", page.back(), 1);
    });
  }

  const real_journals& real_;
  journal_options options_{};
  bool forged_;
  bool verifies_;
  std::uint64_t added_ = 0; ///< the position of the owner's own event
};

} // namespace

/// The journal's file and its write-ahead log: damaged, or any bytes.
void journals(input in) {
  static memory_files files;
  static const real_journals real(files);
  const auto how = in.byte();
  const bool forges = how % 4 == 3;
  files.replace(forges ? forged(real, in) : damaged(real, in));
  trial t(real, forges, (how & 32U) != 0);
  if ((how & 16U) != 0)
    t.read();
  else
    t.own();
  // Else libFuzzer takes what is kept for a leak, and runs every other input a second time.
  files.replace({});
}

} // namespace fuzz
