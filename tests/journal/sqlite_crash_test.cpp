// A process that is killed, for real.

#include "journal/support.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <map>
#include <random>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace journal_tests {

namespace {

using testing::IsEmpty;

std::string text_of(std::uint64_t n) {
  return "{\"n\":" + std::to_string(n) + ",\"pad\":\"" + std::string(n * 37 % 3000, 'x') + "\"}";
}

// Request n: two streams, one of them its own, and a row of a book that counts.
append_request numbered(std::uint64_t n) {
  auto made = append("a-1", run(n, static_cast<std::uint32_t>(1 + n % 3)));
  for (auto& e : made.streams[0].events) {
    e.body = message::opaque("thing_happened", 1, text_of(n));
    e.last = false;
  }
  auto second = event(n, text_of(n));
  second.index = static_cast<std::uint32_t>(made.streams[0].events.size());
  made.streams.push_back({"b-" + std::to_string(n), expected_version::none(), {second}});
  made.books.push_back({"count", "n", std::to_string(n)});
  return made;
}

// Appends from `n` on, and tells `acknowledge` of each, until it is killed.
[[noreturn]] void append_for_ever(const journal_options& options, std::uint64_t n,
                                  int acknowledge) {
  try {
    const auto own = open_journal(options);
    for (;; ++n) {
      if (commit_one(*own, numbered(n), at(1)).state != status::appended) ::_exit(3);
      if (::write(acknowledge, &n, sizeof n) != sizeof n) ::_exit(4);
    }
  } catch (const std::exception&) {
    ::_exit(5);
  }
}

enum class life_begins { with_the_process, with_an_acknowledgement };

// Lets a child append, kills it after `life`; the number of the last request it acknowledged.
std::uint64_t killed_after(std::chrono::microseconds life, life_begins begin,
                           const journal_options& options, std::uint64_t first) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const auto child = ::fork();
  if (child == 0) append_for_ever(options, first, pipe[1]);
  ::close(pipe[1]);
  std::uint64_t last = first - 1;
  std::uint64_t heard = 0;
  // A slow disk may take longer to open the journal than the whole of a life.
  if (begin == life_begins::with_an_acknowledgement &&
      ::read(pipe[0], &heard, sizeof heard) == sizeof heard)
    last = heard;
  std::thread killer([&] {
    ::usleep(static_cast<useconds_t>(life.count()));
    ::kill(child, SIGKILL);
  });
  while (::read(pipe[0], &heard, sizeof heard) == sizeof heard) last = heard;
  killer.join();
  ::close(pipe[0]);
  int ended = 0;
  ::waitpid(child, &ended, 0);
  EXPECT_TRUE(WIFSIGNALED(ended)) << "the child ended by itself: " << WEXITSTATUS(ended);
  return last;
}

TEST(SqliteCrash, WhatWasAcknowledgedSurvivesKillingWholeAndInOrder) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(::getpid()));
  for (const auto chosen : {durability::durable, durability::relaxed}) {
    const temporary_directory directory;
    journal_options options;
    options.path = directory.file();
    options.durability = chosen;
    std::uint64_t recorded = 0; // requests in the file: 1..recorded
    for (int round = 0; round < 12; ++round) {
      const std::chrono::microseconds life(500 + random() % 40'000);
      const auto acknowledged = killed_after(life,
                                             round % 2 == 0 ? life_begins::with_the_process
                                                            : life_begins::with_an_acknowledgement,
                                             options, recorded + 1);
      const auto own = open_journal(options);
      const auto reader = own->open_reader();
      ASSERT_THAT(faults(*reader), IsEmpty());
      std::uint64_t position = 1;
      std::uint64_t n = 1;
      for (; !reader->read_all({position}, 1).empty(); ++n) {
        const auto asked = numbered(n);
        for (const auto& part : asked.streams) {
          for (const auto& wanted : part.events) {
            const auto page = reader->read_all({position++}, 1);
            ASSERT_EQ(page.size(), 1U) << "request " << n << " is there in part";
            ASSERT_EQ(page[0].stream, part.stream);
            ASSERT_EQ(page[0].id, wanted.id);
            ASSERT_EQ(page[0].body, wanted.body);
          }
        }
      }
      recorded = n - 1;
      ASSERT_GE(recorded, acknowledged);
      ASSERT_LE(recorded, acknowledged + 1) << "nobody asked for that";
      const auto book = reader->read_book("count");
      EXPECT_EQ(book.empty() ? "0" : book.at(0).value, std::to_string(recorded));
      if (recorded == 0) continue;
      // Asked again, the last one is a repeat, whether its answer was heard or not.
      EXPECT_EQ(commit_one(*own, numbered(recorded)).state, status::repeated);
    }
    EXPECT_GE(recorded, 6U) << "the children hardly ran";
  }
}

} // namespace

} // namespace journal_tests
