#include "orders/command_line.hpp"
#include "fuzz/fuzz.hpp"

#include <iostream>
#include <vector>

namespace fuzz {

namespace {

/// Takes what is written to a stream, and drops it.
class silence {
public:
  explicit silence(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(nullptr)) {}
  silence(const silence&) = delete;
  silence& operator=(const silence&) = delete;
  ~silence() {
    stream_.rdbuf(before_); // clears the state, too
  }

private:
  std::ostream& stream_;
  std::streambuf* before_;
};

void hold_limits(const orders::run_options& o) {
  const auto share = [](double s) { return s >= 0 && s <= 1; };
  claim(share(o.failures.decline_rate) && share(o.failures.out_of_stock_rate) &&
            share(o.failures.shipping_failure_rate) && share(o.failures.last_word_failure_rate),
        "shares are between 0 and 1");
  claim(o.concurrency >= 1 && o.concurrency <= 1'000'000 && o.stock >= 0 && o.lines >= 1 &&
            o.orders <= 1'000'000'000'000,
        "numbers are within their ranges");
}

} // namespace

/// The arguments of `orders`, one a line.
void command_line(input in) {
  std::vector<std::string> words{"orders"};
  const auto text = in.text(512);
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    // A program's arguments end at their first NUL.
    words.emplace_back(text.substr(from, end - from).c_str());
    from = end + 1;
  }
  std::vector<const char*> arguments;
  for (const auto& word : words) arguments.push_back(word.c_str());
  const silence out(std::cout);
  const silence err(std::cerr);
  const auto parsed =
      orders::parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  claim(!parsed.exit_code || *parsed.exit_code == 0 || *parsed.exit_code == 2, "0, 2 or go on");
  if (!parsed.exit_code && parsed.line.command == orders::command::run)
    hold_limits(parsed.line.run);
}

} // namespace fuzz
