#include "node/tls_files.hpp"

#include <ensemble/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace ensemble::node {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using memory_file = std::unique_ptr<BIO, freed_by<BIO_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using private_key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using trust = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using verification = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;
void free_stack(STACK_OF(X509) * some) { sk_X509_free(some); }
using stack = std::unique_ptr<STACK_OF(X509), freed_by<free_stack>>;

[[noreturn]] void refuse(const std::string& what, const std::string& file, const std::string& why) {
  ERR_clear_error(); // what OpenSSL thinks of it is nothing for the next call of this thread
  throw error(errc::bad_argument, "the node's " + what + " '" + file + "' " + why +
                                      "; scripts/certificates makes the files that a node needs");
}

std::string contents(const std::string& what, const std::string& file) {
  if (file.empty()) refuse(what, file, "is not named");
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) refuse(what, file, "is a directory");
  std::ifstream from(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(from), {}};
  if (!from.is_open() || from.bad()) refuse(what, file, "cannot be read");
  return text;
}

memory_file opened(const std::string& text) {
  return memory_file(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// All that the file holds, at least one.
std::vector<certificate> certificates(const std::string& what, const std::string& file) {
  const auto text = contents(what, file);
  const auto from = opened(text);
  std::vector<certificate> all;
  while (auto* one = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr))
    all.emplace_back(one);
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    refuse(what, file, "holds something that is no certificate in PEM form");
  ERR_clear_error();
  if (all.empty()) refuse(what, file, "holds no certificate in PEM form");
  return all;
}

// Without it OpenSSL asks at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

private_key key_of(const std::string& file) {
  const auto text = contents("key", file);
  const auto from = opened(text);
  private_key key(PEM_read_bio_PrivateKey(from.get(), nullptr, no_passphrase, nullptr));
  if (!key) refuse("key", file, "holds no private key in PEM form without a passphrase");
  return key;
}

std::string common_name(X509& of) {
  const auto* subject = X509_get_subject_name(&of);
  const auto at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const auto* name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
          static_cast<std::size_t>(ASN1_STRING_length(name))};
}

/// Why the first of the chain is not to be trusted in that use; empty: it is.
std::string distrust(const std::vector<certificate>& authorities,
                     const std::vector<certificate>& chain, int purpose) {
  const trust trusted(X509_STORE_new());
  for (const auto& a : authorities)
    if (X509_STORE_add_cert(trusted.get(), a.get()) != 1)
      return "OpenSSL cannot take the authority";
  const stack between(sk_X509_new_null());
  for (std::size_t n = 1; n < chain.size(); ++n) sk_X509_push(between.get(), chain[n].get());
  const verification asked(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(asked.get(), trusted.get(), chain.front().get(), between.get()) != 1 ||
      X509_STORE_CTX_set_purpose(asked.get(), purpose) != 1)
    return "OpenSSL cannot look at it";
  // Keys and signatures as Debian's OpenSSL demands them of a connection, too.
  constexpr int as_strong_as = 2;
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(asked.get()), as_strong_as);
  if (X509_verify_cert(asked.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(asked.get()));
}

} // namespace

void check_tls_files(const tls_files& files, std::string_view node) {
  if (node.empty()) throw error(errc::bad_argument, "a node needs a name");
  const auto authorities = certificates("authority", files.authority);
  const auto chain = certificates("certificate", files.certificate);
  const auto key = key_of(files.key);
  if (X509_check_private_key(chain.front().get(), key.get()) != 1)
    refuse("key", files.key, "is not that of the certificate '" + files.certificate + "'");
  if (const auto name = common_name(*chain.front()); name != node)
    refuse("certificate", files.certificate,
           "is of node '" + name + "', not of '" + std::string(node) + "'");
  // A node is both: it is joined, and it joins.
  for (const auto purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT})
    if (const auto why = distrust(authorities, chain, purpose); !why.empty())
      refuse("certificate", files.certificate,
             "is not valid under the authority '" + files.authority + "': " + why);
}

} // namespace ensemble::node
