// What a node needs before it may listen: files that scripts/certificates makes, and their faults.

#include "journal/support.hpp"
#include "node/tls_files.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace node_tests {

using namespace ensemble;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class TlsFiles : public testing::Test {
protected:
  /// Runs it in the directory of the test.
  void run(const std::string& command) const {
    const auto whole = "cd '" + folder() + "' && { " + command + "; } >log 2>&1";
    if (std::system(whole.c_str()) != 0)
      throw std::runtime_error(command + " failed: " + text_of("log"));
  }
  void make(const std::string& arguments) const {
    run("'" ENSEMBLE_SOURCE_DIR "/scripts/certificates' " + arguments);
  }
  [[nodiscard]] std::string folder() const { return directory_.path().string(); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder() + "/" + name; }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream from(file(name));
    return {std::istreambuf_iterator<char>(from), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
  }
  [[nodiscard]] tls_files files(const std::string& authority, const std::string& node) const {
    return {file(authority), file(node + ".pem"), file(node + ".key")};
  }
  /// Why they are refused; empty: they are not.
  [[nodiscard]] static std::string refusal(const tls_files& files, const std::string& node) {
    try {
      node::check_tls_files(files, node);
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::bad_argument);
      EXPECT_THAT(e.what(), HasSubstr("scripts/certificates"));
      return e.what();
    }
    return {};
  }

private:
  journal_tests::temporary_directory directory_;
};

TEST_F(TlsFiles, OfTheScriptAreTaken) {
  make("certs w1 journal");
  EXPECT_EQ(refusal(files("certs/ca.pem", "certs/w1"), "w1"), "");
  EXPECT_EQ(refusal(files("certs/ca.pem", "certs/journal"), "journal"), "");
  const auto first = text_of("certs/w1.pem");
  make("certs w1 w2");
  EXPECT_EQ(text_of("certs/w1.pem"), first) << "what is there is kept";
  EXPECT_EQ(refusal(files("certs/ca.pem", "certs/w2"), "w2"), "") << "later nodes join";
  using std::filesystem::perms;
  for (const auto* key : {"certs/w1.key", "certs/ca.key"})
    EXPECT_EQ(std::filesystem::status(file(key)).permissions(),
              perms::owner_read | perms::owner_write)
        << key;
}

TEST_F(TlsFiles, TheScriptRefusesNamesThatAreNone) {
  for (const auto* name : {"ca", "W1", "'a b'", "../w1", "-", "''"})
    EXPECT_THROW(make(std::string("certs ") + name), std::runtime_error) << name;
  EXPECT_THROW(make("certs"), std::runtime_error);
  EXPECT_THROW(make("--days 0 certs w1"), std::runtime_error);
}

TEST_F(TlsFiles, OfAnotherNodeOrAuthorityAreRefused) {
  make("certs w1 w2");
  make("others w1");
  EXPECT_THAT(refusal(files("certs/ca.pem", "certs/w1"), "w2"),
              AllOf(HasSubstr("certs/w1.pem"), HasSubstr("is of node 'w1', not of 'w2'")));
  EXPECT_THAT(refusal(files("others/ca.pem", "certs/w1"), "w1"),
              AllOf(HasSubstr("certs/w1.pem"), HasSubstr("others/ca.pem")));
  auto mixed = files("certs/ca.pem", "certs/w1");
  mixed.key = file("certs/w2.key");
  EXPECT_THAT(refusal(mixed, "w1"), AllOf(HasSubstr("w2.key"), HasSubstr("is not that of")));
}

TEST_F(TlsFiles, ThatCannotBeReadOrUsedAreRefused) {
  make("certs w1");
  const auto good = files("certs/ca.pem", "certs/w1");
  write("empty", "");
  write("text", "no certificate\n");
  auto cut = text_of("certs/w1.pem");
  cut[cut.size() / 2] = '!';
  write("cut", cut);
  run("openssl pkey -in certs/w1.key -aes128 -passout pass:secret -out locked.key");
  const std::pair<std::string tls_files::*, const char*> parts[] = {
      {&tls_files::authority, "authority"},
      {&tls_files::certificate, "certificate"},
      {&tls_files::key, "key"}};
  for (const auto& [part, name] : parts) {
    for (const auto* bad : {"missing", "empty", "text", "cut", "certs"}) {
      auto files = good;
      files.*part = file(bad);
      EXPECT_THAT(refusal(files, "w1"), AllOf(HasSubstr(name), HasSubstr(bad)));
    }
    auto files = good;
    (files.*part).clear();
    EXPECT_THAT(refusal(files, "w1"), AllOf(HasSubstr(name), HasSubstr("is not named")));
  }
  auto locked = good;
  locked.key = file("locked.key");
  EXPECT_THAT(refusal(locked, "w1"), HasSubstr("passphrase"));
  EXPECT_EQ(refusal(good, "w1"), "") << "what was refused leaves nothing behind";
}

TEST_F(TlsFiles, ThatAreNotValidNowOrNotForBothEndsAreRefused) {
  make("certs w1");
  const auto sign = [&](const std::string& name, const std::string& options,
                        const std::string& use) {
    write("use", "extendedKeyUsage = " + use + "\n");
    run("openssl req -new -key certs/w1.key -subj /CN=w1 | openssl x509 -req -CA certs/ca.pem "
        "-CAkey certs/ca.key -set_serial 7 -extfile use -out " +
        name + " " + options);
    auto files = this->files("certs/ca.pem", "certs/w1");
    files.certificate = file(name);
    return refusal(files, "w1");
  };
  EXPECT_EQ(sign("good", "-days 1", "serverAuth,clientAuth"), "");
  EXPECT_THAT(sign("old", "-days -1", "serverAuth,clientAuth"), HasSubstr("expired"));
  EXPECT_THAT(sign("server", "-days 1", "serverAuth"), HasSubstr("purpose"));
  EXPECT_THAT(sign("client", "-days 1", "clientAuth"), HasSubstr("purpose"));
}

// What OpenSSL takes here and refuses at the first connection would end the program there.
TEST_F(TlsFiles, WithWeakKeysAreRefused) {
  make("certs w1");
  write("use", "extendedKeyUsage = serverAuth,clientAuth\n");
  run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key && "
      "openssl req -new -key weak.key -subj /CN=w1 | openssl x509 -req -CA certs/ca.pem "
      "-CAkey certs/ca.key -set_serial 7 -extfile use -days 1 -out weak.pem");
  EXPECT_THAT(refusal(files("certs/ca.pem", "weak"), "w1"), HasSubstr("too weak"));
  EXPECT_THROW(node::check_tls_files(files("certs/ca.pem", "certs/w1"), ""), error);
}

TEST_F(TlsFiles, TheScriptKeepsWhatIsThereAndTellsWhatIsAmiss) {
  const auto why = [&](const std::string& arguments) -> std::string {
    try {
      make(arguments);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return {};
  };
  make("certs w1");
  const auto authority = text_of("certs/ca.key");
  run("mv certs/ca.pem elsewhere.pem");
  EXPECT_THAT(why("certs w2"), HasSubstr("ca.pem is missing"));
  EXPECT_EQ(text_of("certs/ca.key"), authority);
  run("mv elsewhere.pem certs/ca.pem; mv certs/ca.key elsewhere.key");
  EXPECT_THAT(why("certs w2"), HasSubstr("ca.key is missing"));
  make("others w1");
  run("cp others/ca.key certs/ca.key");
  EXPECT_THAT(why("certs w2"), HasSubstr("w2.pem could not be made"));
  run("mv elsewhere.key certs/ca.key; cp others/w1.pem certs/w1.pem");
  EXPECT_THAT(why("certs w1"), HasSubstr("w1.pem is not of this authority"));
  run("rm certs/w1.pem");
  EXPECT_THAT(why("certs w1"), HasSubstr("w1.pem is missing"));
  make("certs w2");
  EXPECT_EQ(refusal(files("certs/ca.pem", "certs/w2"), "w2"), "");
}

} // namespace

} // namespace node_tests
