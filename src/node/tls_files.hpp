#pragma once

#include <string>
#include <string_view>

namespace ensemble::node {

/// What a node shows other nodes, and by what it knows them: PEM files, as scripts/certificates
/// makes them.
struct tls_files {
  std::string authority{};   ///< certificates of the authorities whose nodes are trusted
  std::string certificate{}; ///< the node's own, and what lies between it and the authority
  std::string key{};         ///< its private key, without a passphrase
};

/// Returns if a node of that name can start with these files: they can be read and used, belong
/// together, are valid now, and the certificate is of that node (its common name) and by one of the
/// authorities. Throws errc::bad_argument otherwise, naming the file, what is wrong with it, and
/// the remedy. Looked at before anything listens: CAF looks at its first connection, and then ends
/// the program; without files it encrypts for anybody.
void check_tls_files(const tls_files& files, std::string_view node);

} // namespace ensemble::node
