#include "orders/gateway/gateway_file.hpp"

#include <ensemble/error.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace orders {

std::string to_line(const gateway_entry& entry) {
  const nlohmann::ordered_json line{{"operation", std::string(ensemble_enum_name(entry.operation))},
                                    {"key", entry.key},
                                    {"order", entry.order_id},
                                    {"cents", entry.amount.cents}};
  return line.dump() + '\n';
}

std::uint64_t read_gateway_file(const std::string& path,
                                const std::function<void(gateway_entry)>& tell) {
  if (!std::filesystem::exists(path)) return 0;
  std::ifstream in(path, std::ios::binary);
  const auto refuse = [&](std::size_t number) {
    throw ensemble::error(ensemble::errc::bad_argument,
                          path + ", line " + std::to_string(number) +
                              ": not a line of a payment gateway's file");
  };
  if (!in) refuse(1);
  std::uint64_t length = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line) && !in.eof();) {
    ++number;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    gateway_entry entry;
    try {
      if (!ensemble_enum_value(json.at("operation").get<std::string>(), entry.operation))
        refuse(number);
      entry.key = json.at("key").get<std::string>();
      entry.order_id = json.at("order").get<std::string>();
      entry.amount.cents = json.at("cents").get<std::int64_t>();
    } catch (const nlohmann::json::exception&) {
      refuse(number);
    }
    tell(std::move(entry));
    length += line.size() + 1;
  }
  return length;
}

} // namespace orders
