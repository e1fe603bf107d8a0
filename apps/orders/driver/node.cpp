#include "orders/driver/node.hpp"

#include <chrono>
#include <filesystem>

namespace orders {

void set_node(ensemble::runtime_options& of, const node_options& from) {
  of.application = "orders";
  of.listen = from.listen;
  of.join = from.join;
  of.node_name = from.name;
  of.services = from.services;
  using seconds = std::chrono::duration<double>;
  of.silence = std::chrono::duration_cast<ensemble::duration>(seconds(from.silence));
  of.heartbeat = of.silence / 5;
  if (of.services) std::erase(*of.services, "none");
  if (from.certificates.empty()) return;
  const std::filesystem::path folder(from.certificates);
  of.tls = {(folder / "ca.pem").string(), (folder / (from.name + ".pem")).string(),
            (folder / (from.name + ".key")).string()};
}

} // namespace orders
