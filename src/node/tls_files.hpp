#pragma once

#include <ensemble/runtime.hpp>

#include <string_view>

namespace ensemble::node {

/// Returns if a node of that name can start with these files: they can be read and used, belong
/// together, are valid now, and the certificate is of that node (its common name) and by one of the
/// authorities. Throws errc::bad_argument otherwise, naming the file, what is wrong with it, and
/// the remedy. Looked at before anything listens: CAF looks at its first connection, and then ends
/// the program; without files it encrypts for anybody.
void check_tls_files(const tls_files& files, std::string_view node);

} // namespace ensemble::node
