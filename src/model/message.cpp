#include <ensemble/message.hpp>

#include "model/json_document.hpp"
#include "model/json_reader.hpp"
#include "model/json_writer.hpp"

namespace ensemble {

/// A value that came from its stored form, whose text is kept: what was recorded stays as it was,
/// also the fields that this program does not know.
struct message::decoded_body final : body {
  std::shared_ptr<const void> held;

  decoded_body(const message_type& of, std::shared_ptr<const void> from, std::string stored)
      : held(std::move(from)) {
    type = &of;
    value = held.get();
    text = new const std::string(std::move(stored));
  }
};

struct message::opaque_body final : body {
  std::string name;
  int schema_version;

  opaque_body(std::string its_name, int its_version, std::string stored)
      : name(std::move(its_name)), schema_version(its_version) {
    text = new const std::string(std::move(stored));
  }
};

message message::decode(const message_type& type, std::string text) {
  const json_document document(text, type.name);
  json_reader reader(document, type.name);
  reader.expect_object(); // a type without fields would take anything
  message decoded;
  decoded.body_ = std::make_shared<decoded_body>(type, type.read(reader), std::move(text));
  return decoded;
}

message message::opaque(std::string name, int schema_version, std::string text) {
  message kept;
  kept.body_ = std::make_shared<opaque_body>(std::move(name), schema_version, std::move(text));
  return kept;
}

std::string_view message::name() const noexcept {
  if (!body_) return {};
  if (body_->type) return body_->type->name;
  return static_cast<const opaque_body&>(*body_).name;
}

int message::schema_version() const noexcept {
  if (!body_) return 0;
  if (body_->type) return body_->type->schema_version;
  return static_cast<const opaque_body&>(*body_).schema_version;
}

// Two threads may both make it; it is the same.
const std::string& message::text() const {
  if (!body_) throw error(errc::bad_message, "an empty message has no text");
  if (const auto* made = body_->text.load(std::memory_order_acquire)) return *made;
  auto fresh = std::make_unique<const std::string>(write_json(*body_->type, body_->value));
  const std::string* other = nullptr;
  if (!body_->text.compare_exchange_strong(other, fresh.get(), std::memory_order_acq_rel))
    return *other;
  return *fresh.release();
}

const message_type* message::type() const noexcept { return body_ ? body_->type : nullptr; }

bool operator==(const message& a, const message& b) {
  if (a.body_ == b.body_) return true;
  if (a.empty() || b.empty()) return false;
  return a.name() == b.name() && a.text() == b.text();
}

} // namespace ensemble
