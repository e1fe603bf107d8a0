#pragma once

#include <ensemble/causation.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace ensemble {

/// Counts spans of time in buckets of equal ratio, 32 to a doubling: its size has a bound (15 KiB)
/// that does not grow with what is counted.
class span_histogram {
public:
  /// Spans below zero count as zero.
  void add(duration span);
  /// As if everything that `other` counted had been added here.
  void merge(const span_histogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The longest, exactly; 0 if there are none.
  [[nodiscard]] duration max() const noexcept { return max_; }
  /// The shortest span that this share of all (0 to 1) does not exceed: never below the exact one,
  /// at most a thirty-second part (3.1 %) above it. 0 if there are none.
  [[nodiscard]] duration quantile(double share) const noexcept;
  /// How many spans each bucket counts; behind the last one they are empty.
  [[nodiscard]] const std::vector<std::uint64_t>& buckets() const noexcept { return buckets_; }
  /// Made anew from what those told. Throws errc::bad_message when they cannot belong together.
  [[nodiscard]] static span_histogram of(std::vector<std::uint64_t> buckets, duration max);

  friend bool operator==(const span_histogram&, const span_histogram&) = default;

private:
  std::vector<std::uint64_t> buckets_{};
  std::uint64_t count_ = 0;
  duration max_{};
};

/// Events of one name, recorded by one service (or on a process's own streams). Without a service:
/// where flows begin, `caller` and `operator`, and `unexplained`.
struct flow_node {
  std::string service{};
  std::string event{};
  friend auto operator<=>(const flow_node&, const flow_node&) = default;
};

/// One way in which events follow from events: an edge of the graph.
struct flow_reaction {
  flow_node cause{};
  flow_node outcome{};
  cause_kind kind = cause_kind::unexplained;
  /// Of a process: which one (process_number of its name), the step and the direction.
  std::uint64_t process = 0;
  std::string step{};
  ensemble::direction direction = ensemble::direction::none;
  friend auto operator<=>(const flow_reaction&, const flow_reaction&) = default;
};

/// How often that was seen, and how long it took from the recording of the cause to that of the
/// outcome. What callers and operators ask has no such span.
struct flow_count {
  std::uint64_t count = 0;
  position first{}; ///< the first such outcome
  span_histogram spans{};
  friend bool operator==(const flow_count&, const flow_count&) = default;
};

/// What the ids of a process's instances tell of its name.
[[nodiscard]] std::uint64_t process_number(std::string_view process) noexcept;

/// Finds the event that caused another, where the graph no longer remembers it; none if there is
/// none.
using cause_lookup = std::function<std::optional<recorded_event>(const recorded_event& outcome)>;

/// The cause of an event, read from the journal: it takes as long as the flow has events. Throws as
/// readers do.
[[nodiscard]] std::optional<recorded_event> find_cause(journal_reader& journal,
                                                       const recorded_event& outcome);

/// Who reacts to what, over all flows: every event of a journal is one count of one edge, none is
/// sampled. A value; one thread at a time. Its memory is bounded: by the number of different
/// reactions (4,096 are kept apart, what is beyond counts as `(others)`), and by that of the events
/// that it remembers as possible causes, 32 bytes each.
class flow_graph {
public:
  /// How many events are remembered at most, by default: the flows of a second in memory, of some
  /// on a disk. It is rounded up to a power of two. Of the latest quarter of them, one in some
  /// thousands has had to make room already; of the latest half, one in a hundred.
  static constexpr std::size_t default_remembered = 1 << 18;
  static constexpr std::size_t most_reactions = 4096;

  /// An empty graph.
  explicit flow_graph(std::size_t remembered = default_remembered) : remembered_(remembered) {}
  /// That of a whole journal, up to its present head. Throws as the reader does.
  explicit flow_graph(journal_reader& journal, std::size_t remembered = default_remembered);

  /// Counts an event. Events come in journal order; one that was counted already (at or below
  /// `last`) changes nothing. A cause that is not remembered is looked up; what is not found then
  /// counts as unexplained. Throws what the look-up throws: then nothing is counted.
  void add(const recorded_event& event, const cause_lookup& look_up = nullptr);
  /// As if the events of `other`, which are not among those of this graph, had been added here.
  void merge(const flow_graph& other);

  /// The last event counted: a projection's checkpoint.
  [[nodiscard]] position last() const noexcept { return last_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t unexplained() const noexcept;
  [[nodiscard]] const std::map<flow_reaction, flow_count>& reactions() const noexcept {
    return reactions_;
  }

  /// Tells how a process is called, so that the pictures can say it where there are several.
  void name_process(const std::string& name) { names_[process_number(name)] = name; }

  /// A table: count, percentiles, cause, outcome, and by what it followed.
  [[nodiscard]] std::string text() const;
  /// For `dot` of Graphviz.
  [[nodiscard]] std::string dot() const;
  /// A flowchart in Mermaid.
  [[nodiscard]] std::string mermaid() const;

  /// One line of JSON with all that was counted and the checkpoint, to be kept in a book. What is
  /// remembered of open flows is not in it: it is looked up again.
  [[nodiscard]] std::string encode() const;
  /// The graph of such a line. Throws errc::bad_message for any other text.
  [[nodiscard]] static flow_graph decode(const std::string& text,
                                         std::size_t remembered = default_remembered);

  /// Equal counts and checkpoints; what is remembered does not matter.
  friend bool operator==(const flow_graph& a, const flow_graph& b) {
    return a.last_ == b.last_ && a.events_ == b.events_ && a.reactions_ == b.reactions_;
  }

private:
  struct possible_cause {
    event_id id{}; ///< none: nothing is remembered here
    timestamp time{};
    std::uint32_t node = 0;
  };

  /// Where the commonest reactions are counted, by numbers in place of names: a short cut, which a
  /// copy does without.
  struct short_cuts {
    template <class Text>
    struct key_of {
      std::uint32_t cause = 0;
      std::uint32_t outcome = 0;
      cause_kind kind{};
      std::uint64_t process = 0;
      ensemble::direction direction{};
      Text step{};

      [[nodiscard]] auto parts() const noexcept {
        return std::make_tuple(cause, outcome, kind, process, direction, std::string_view(step));
      }
    };
    using key = key_of<std::string>;
    struct order {
      using is_transparent = void;
      template <class A, class B>
      bool operator()(const A& a, const B& b) const noexcept {
        return a.parts() < b.parts();
      }
    };
    std::map<key, flow_count*, order> known{};

    short_cuts() = default;
    short_cuts(const short_cuts&) noexcept {}
    short_cuts(short_cuts&&) noexcept = default;
    short_cuts& operator=(const short_cuts&) noexcept {
      known.clear();
      return *this;
    }
    short_cuts& operator=(short_cuts&&) noexcept = default;
    ~short_cuts() = default;
  };
  /// Finds a node by views of its names.
  struct node_order {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return std::tuple<std::string_view, std::string_view>(a.service, a.event) <
             std::tuple<std::string_view, std::string_view>(b.service, b.event);
    }
  };

  [[nodiscard]] std::string told_by(const flow_reaction& reaction) const;
  flow_count& slot(flow_reaction reaction);
  [[nodiscard]] std::optional<std::uint32_t> number_of(const recorded_event& event);
  [[nodiscard]] const possible_cause* remembered(event_id id) const noexcept;
  void remember(const possible_cause& event);
  void remember_more();
  void count(const recorded_event& event, flow_count& at, std::optional<duration> span);

  std::map<flow_reaction, flow_count> reactions_{};
  position last_{};
  std::uint64_t events_ = 0;
  std::map<std::uint64_t, std::string> names_{};

  std::size_t remembered_;
  std::vector<flow_node> nodes_{}; ///< of what is remembered
  std::map<flow_node, std::uint32_t, node_order> node_numbers_{};
  short_cuts short_cuts_{};
  /// In groups, by the hash of the id; in a full group the oldest makes room. (A map with a list of
  /// its oldest costs several cache misses an event.)
  std::vector<possible_cause> causes_{};
};

} // namespace ensemble
