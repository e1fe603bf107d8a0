#include "project/tidy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Each rule is held twice: no file of the project breaks it, and a planted violation is found.

namespace project {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using check = violations (*)(const source_file&);

violations in_the_project(check rule) {
  violations all;
  for (const auto& file : source_files())
    for (auto& found : rule(file)) all.push_back(std::move(found));
  return all;
}

violations planted(check rule, std::string path, std::string text) {
  return rule({std::move(path), std::move(text)});
}

TEST(Tidy, SeesTheSources) {
  std::size_t library = 0;
  for (const auto& file : source_files())
    library += file.path.starts_with("src/") || file.path.starts_with("include/") ? 1u : 0u;
  EXPECT_GT(library, 10u);
}

TEST(Tidy, IncludesPointDownwards) {
  EXPECT_THAT(in_the_project(check_include_directions), IsEmpty());
}

TEST(Tidy, ModelIsPure) { EXPECT_THAT(in_the_project(check_model_is_pure), IsEmpty()); }

TEST(Tidy, OutsideLibrariesStayInTheirRooms) {
  EXPECT_THAT(in_the_project(check_outside_libraries), IsEmpty());
}

TEST(Tidy, FilesAndLinesAreShort) { EXPECT_THAT(in_the_project(check_sizes), IsEmpty()); }

TEST(Tidy, NoBannedCalls) { EXPECT_THAT(in_the_project(check_banned_calls), IsEmpty()); }

TEST(TidyPlanted, UpwardIncludes) {
  const auto rule = check_include_directions;
  EXPECT_THAT(planted(rule, "src/model/a.cpp", "#include \"journal/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/journal/a.cpp", "# include <runtime/b.hpp>\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/bridge/a.cpp", "#include \"web/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/journal/a.cpp", "#include <ensemble/runtime.hpp>\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "include/ensemble/message.hpp", "#include <ensemble/journal.hpp>\n"),
              SizeIs(1));
}

TEST(TidyPlanted, IncludesPastTheRooms) {
  const auto rule = check_include_directions;
  EXPECT_THAT(planted(rule, "src/model/a.cpp", "#include \"b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/model/a.cpp", "#include \"../journal/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/a.cpp", ""), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/cellar/a.cpp", ""), SizeIs(1));
  EXPECT_THAT(planted(rule, "include/ensemble/a.hpp", "#include \"model/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(planted(rule, "apps/orders/a.cpp", "#include \"model/b.hpp\"\n"), SizeIs(1));
}

TEST(TidyPlanted, DownwardIncludesAreFine) {
  const auto rule = check_include_directions;
  EXPECT_THAT(planted(rule, "src/runtime/a.cpp",
                      "#include \"runtime/b.hpp\"\n#include \"journal/b.hpp\"\n"
                      "#include \"model/b.hpp\"\n#include <ensemble/runtime.hpp>\n"
                      "// #include \"web/b.hpp\"\n#include <caf/all.hpp>\n"),
              IsEmpty());
  EXPECT_THAT(planted(rule, "tests/model/a.cpp", "#include \"runtime/b.hpp\"\n"), IsEmpty());
  EXPECT_THAT(planted(rule, "apps/orders/a.cpp", "#include \"orders/b.hpp\"\n"), IsEmpty());
  EXPECT_THAT(planted(rule, "include/ensemble/runtime.hpp", "#include <ensemble/journal.hpp>\n"),
              IsEmpty());
}

TEST(TidyPlanted, ImpureModel) {
  const auto rule = check_model_is_pure;
  for (const auto* header :
       {"<unistd.h>", "<caf/fwd.hpp>", "<spdlog/spdlog.h>", "\"journal/a.hpp\""})
    EXPECT_THAT(planted(rule, "src/model/a.cpp", std::string{"#include "} + header), SizeIs(1));
  EXPECT_THAT(planted(rule, "src/model/a.cpp",
                      "#include \"model/b.hpp\"\n#include <vector>\n#include <nlohmann/json.hpp>\n"
                      "#include <ensemble/message.hpp>\n"),
              IsEmpty());
}

TEST(TidyPlanted, OutsideLibraryInTheWrongRoom) {
  const auto rule = check_outside_libraries;
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"src/journal/a.cpp", "nlohmann/json.hpp"},
      {"src/journal/a.cpp", "caf/actor.hpp"},
      {"include/ensemble/runtime.hpp", "caf/fwd.hpp"},
      {"include/ensemble/a.hpp", "nlohmann/json.hpp"},
      {"include/ensemble/a.hpp", "spdlog/fwd.h"},
      {"src/journal/memory.cpp", "sqlite3.h"},
      {"include/ensemble/journal.hpp", "sqlite3.h"},
      {"src/journal/a.cpp", "spdlog/spdlog.h"},
      {"src/model/a.cpp", "openssl/sha.h"},
      {"src/runtime/a.cpp", "crc32c/crc32c.h"},
      {"src/runtime/a.cpp", "journal/crc32c.hpp"},
      {"apps/orders/a.cpp", "caf/all.hpp"}};
  for (const auto& [path, header] : wrong)
    EXPECT_THAT(planted(rule, path, "#include <" + header + ">\n"), SizeIs(1)) << path << header;
}

TEST(TidyPlanted, OutsideLibraryInItsRoom) {
  const auto rule = check_outside_libraries;
  const std::vector<std::pair<std::string, std::string>> right{
      {"src/model/a.cpp", "nlohmann/json.hpp"}, {"include/ensemble/a.hpp", "nlohmann/json_fwd.hpp"},
      {"src/node/a.cpp", "caf/all.hpp"},        {"include/ensemble/caf.hpp", "caf/actor.hpp"},
      {"apps/examples/a.cpp", "caf/all.hpp"},   {"src/journal/sqlite_read.cpp", "sqlite3.h"},
      {"src/runtime/a.cpp", "spdlog/spdlog.h"}, {"src/runtime/a.cpp", "openssl/evp.h"},
      {"src/journal/a.cpp", "crc32c/crc32c.h"}};
  for (const auto& [path, header] : right)
    EXPECT_THAT(planted(rule, path, "#include <" + header + ">\n"), IsEmpty()) << path << header;
}

TEST(TidyPlanted, LongFileAndLongLine) {
  const auto lines = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "int x;\n";
    return text;
  };
  EXPECT_THAT(planted(check_sizes, "tests/a.cpp", lines(501)), SizeIs(1));
  EXPECT_THAT(planted(check_sizes, "tests/a.cpp", lines(500)), IsEmpty());
  EXPECT_THAT(planted(check_sizes, "apps/a.hpp", std::string(101, 'x') + "\n"), SizeIs(1));
  EXPECT_THAT(planted(check_sizes, "apps/a.hpp", std::string(100, 'x') + "\n"), IsEmpty());
  EXPECT_THAT(planted(check_sizes, "apps/a.hpp", std::string(99, 'x') + "é\n"), IsEmpty());
}

TEST(TidyPlanted, BannedCalls) {
  const auto rule = check_banned_calls;
  for (const auto* bad :
       {"auto t = std::chrono::system_clock::now();", "auto t = steady_clock::now();",
        "std::this_thread::sleep_for(1s);", "sleep(1);", "usleep(10);", "std::cout << 1;",
        "printf(\"x\");", "std::printf(\"x\");", "int i = rand();", "std::random_device d;",
        "self->request(a, t).await([] {});", "self->request(a, t)\n  .await([] {});",
        "// TODO: more", "/* FIXME */"}) {
    EXPECT_THAT(planted(rule, "src/runtime/a.cpp", bad), SizeIs(1)) << bad;
    EXPECT_THAT(planted(rule, "include/ensemble/a.hpp", bad), SizeIs(1)) << bad;
  }
}

TEST(TidyPlanted, AllowedCalls) {
  const auto rule = check_banned_calls;
  for (const auto* good :
       {"// never std::cout, never sleep(1)", "auto s = \"sleep(1)\";", "auto s = R\"(rand())\";",
        "std::snprintf(b, n, f);", "int operand(int x);", "asleep(1);", "clock.now();",
        "auto n = 1'000; /* rand() */ auto m = 2'000;", "char c = '\"'; // rand() \"",
        "receipt await(id);"})
    EXPECT_THAT(planted(rule, "src/runtime/a.cpp", good), IsEmpty()) << good;
  EXPECT_THAT(planted(rule, "src/runtime/clock.cpp", "steady_clock::now()"), IsEmpty());
  EXPECT_THAT(planted(rule, "src/runtime/caf.cpp", "r.await(of, timeout, tell);"), IsEmpty());
  EXPECT_THAT(planted(rule, "src/runtime/identity.cpp", "std::random_device d;"), IsEmpty());
  EXPECT_THAT(planted(rule, "tests/runtime/a.cpp", "sleep(1); // TODO"), IsEmpty());
}

TEST(TidyPlanted, LineNumbersAreRight) {
  const auto found = planted(check_banned_calls, "src/runtime/a.cpp",
                             "/* one\n two */\nauto s = R\"(\n\n)\"; rand();\n");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found.front().line, 5u);
}

} // namespace
} // namespace project
