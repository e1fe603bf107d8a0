#include "node/tls_errors.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <mutex>

namespace ensemble::node {

namespace {

// Whoever finds that it has to wait, has tried to read or write just before: so nothing older than
// that try is left in the queue when OpenSSL is asked what happened.
long before_each_try(BIO*, int operation, const char*, std::size_t, int, long, int result,
                     std::size_t*) {
  if (operation == BIO_CB_READ || operation == BIO_CB_WRITE) ERR_clear_error();
  return result;
}

void watch(const SSL* connection, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return; // only then it has its socket
  for (auto* end : {SSL_get_rbio(connection), SSL_get_wbio(connection)})
    if (end) BIO_set_callback_ex(end, before_each_try);
}

void made(void* connection, void*, CRYPTO_EX_DATA*, int, long, void*) {
  SSL_set_info_callback(static_cast<SSL*>(connection), watch);
}

} // namespace

void keep_tls_errors_apart() {
  static std::once_flag once;
  // CAF makes its connections out of reach; OpenSSL tells of each that is made.
  std::call_once(once, [] {
    (void)CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nullptr, made, nullptr, nullptr);
  });
}

} // namespace ensemble::node
