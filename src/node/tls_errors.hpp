#pragma once

namespace ensemble::node {

/// Keeps the errors of one TLS connection from being taken for another one's. OpenSSL keeps errors
/// in a queue a thread, and asks who calls it to empty that before each operation
/// (SSL_get_error(3)). CAF 0.17 has all connections in one thread and does not: a peer that breaks
/// off, or a stranger's garbage, then ends every other connection of the node. Called once before
/// any is made; may be called again. Of this process, and of each SSL object in it: emptying the
/// queue before a read or write harms nobody who follows that page.
void keep_tls_errors_apart();

} // namespace ensemble::node
