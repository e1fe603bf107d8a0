#include "trace/forged_flows.hpp"
#include "trace/holder_comparison.hpp"

#include <ensemble/mode_agreement.hpp>

#include <algorithm>

// G12: one fold and one due, whoever runs the instance. Participants of each wrong kind are
// planted.

namespace forged {
namespace {

/// Sales of every kind, and the events of each.
struct several_sales {
  forged_journal journal{};
  std::vector<trace::instance_events> all{};

  several_sales() {
    add("paid", [](forged_sale& s) { s.completes(); });
    add("declined", [](forged_sale& s) {
      s.declines();
      s.cancels();
    });
    add("late", [](forged_sale& s) {
      s.attempt_fails("no answer");
      s.compensates_after_payment();
    });
    add("open", [](forged_sale& s) { s.pays(); });
  }
  template <class Act>
  void add(const std::string& id, Act act) {
    forged_sale s(journal, id);
    act(s);
    const trace::known_processes known(journal.reader(), {selling()});
    trace::instance_events events{
        known.typed(journal.reader().read_all(start_of(s.i.id), 1).front())};
    for (const auto& e : journal.reader().read_instance(s.i.id, start_of(s.i.id)))
      events.push_back(known.typed(e));
    all.push_back(std::move(events));
  }
  /// How many sales are seen to differ where each participant was given so much of the events.
  template <class Give>
  std::size_t disagreeing(Give give) const {
    const auto definition = std::make_shared<const process_definition>(selling());
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const auto& events) {
      return trace::compare_holders(definition, events,
                                    [&](std::string_view service) { return give(service, events); })
          .has_value();
    }));
  }
};

TEST(ModeAgreement, HoldsForEveryKindOfSale) {
  several_sales sales;
  const auto found = verify_modes(sales.journal.reader(), {selling()});
  EXPECT_TRUE(found.agrees()) << found.first.front().text;
  EXPECT_EQ(found.instances, 4U);
  EXPECT_EQ(found.prefixes, 5U + 3U + 6U + 2U);
  EXPECT_EQ(trace::participants_of(selling()), (std::vector<std::string>{"depot", "shop", "till"}));
  EXPECT_EQ(sales.disagreeing([](auto, const auto& events) { return events; }), 0U);
}

TEST(ModeAgreement, SeesAParticipantThatFoldsItsOwnTopicsOnly) {
  const several_sales sales;
  EXPECT_EQ(sales.disagreeing([](std::string_view service, const auto& events) {
    auto own = events;
    if (service == "till")
      std::erase_if(own, [&](const recorded_event& e) {
        return e.position != events.front().position && category_of(e.stream) != service;
      });
    return own;
  }),
            3U); // all but the one in which nobody else did anything yet
}

TEST(ModeAgreement, SeesAParticipantThatFoldsTopicByTopic) {
  const several_sales sales;
  EXPECT_EQ(sales.disagreeing([](std::string_view service, auto events) {
    if (service == "depot")
      std::stable_sort(events.begin() + 1, events.end(),
                       [](auto& a, auto& b) { return a.body.name() < b.body.name(); });
    return events;
  }),
            3U); // all of more than one event
}

/// A reader that does not find one event by its instance, as with a damaged index.
class forgetful_reader final : public journal_reader {
public:
  forgetful_reader(journal_reader& from, position hidden) : from_(from), hidden_(hidden) {}
  position head() override { return from_.head(); }
  std::vector<recorded_event> read_all(position from, std::size_t limit) override {
    return from_.read_all(from, limit);
  }
  std::vector<recorded_event> read_stream(std::string_view stream, stream_version from,
                                          std::size_t limit) override {
    return from_.read_stream(stream, from, limit);
  }
  std::vector<recorded_event> read_instance(instance_id instance, position after,
                                            std::size_t limit) override {
    auto page = from_.read_instance(instance, after, limit);
    std::erase_if(page, [&](const recorded_event& e) { return e.position == hidden_; });
    return page;
  }
  std::vector<recorded_event> read_correlation(correlation_id correlation, position after,
                                               std::size_t limit) override {
    return from_.read_correlation(correlation, after, limit);
  }
  std::optional<recorded_event> find(std::string_view stream, event_id id) override {
    return from_.find(stream, id);
  }
  std::vector<std::string> stream_names(std::string_view category, std::string_view after,
                                        std::size_t limit) override {
    return from_.stream_names(category, after, limit);
  }
  std::vector<std::string> message_names() override { return from_.message_names(); }
  std::vector<book_row> read_book(std::string_view book, std::string_view after_key,
                                  std::size_t limit) override {
    return from_.read_book(book, after_key, limit);
  }
  std::uint64_t verify(const std::function<void(const std::string&)>& report) override {
    return from_.verify(report);
  }

private:
  journal_reader& from_;
  position hidden_;
};

TEST(ModeAgreement, TellsTheFirstEventAfterWhichTheIndexReadsAnother) {
  several_sales sales;
  const auto hidden = sales.all.at(2).at(2).position;
  forgetful_reader reader(sales.journal.reader(), hidden);
  const auto found = verify_modes(reader, {selling()});
  EXPECT_FALSE(found.agrees());
  ASSERT_EQ(found.disagreements, 1U);
  EXPECT_EQ(found.first.front().at, hidden);
  EXPECT_THAT(found.first.front().text, testing::HasSubstr("has folded another last"));
}

TEST(ModeAgreement, SeesAParticipantThatMissedAnEvent) {
  const several_sales sales;
  EXPECT_EQ(sales.disagreeing([](std::string_view service, auto events) {
    if (service == "shop") events.erase(events.begin() + 1);
    return events;
  }),
            4U);
}

} // namespace
} // namespace forged
