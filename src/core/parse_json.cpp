#include "bnn/core/parse_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>
#include <vector>

#include "bnn/core/json_events.h"
#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxDepth = 64;
// Objects are searched from the front, so a large one would take quadratic time.
constexpr std::size_t kMaxKeys = 4096;
// A value takes some fifty bytes of memory, however few the text has for it.
constexpr std::size_t kMaxValues = std::size_t{1} << 21;

std::string line_and_column(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", line, before.size() - line_start + 1);
}

std::string character_at(std::string_view text, std::size_t byte) {
  if (byte >= text.size()) return "the end of the text";
  const auto c = static_cast<unsigned char>(text[byte]);
  if (c < 0x20 || c >= 0x7F) return fmt::format("byte {}", c);
  return fmt::format("'{}'", text[byte]);
}

// Builds the value. What is open lies on a stack: a list or an object that is not whole yet, the
// key of the member that comes next, and the keys so far.
class Builder final : public JsonEvents {
 public:
  Builder(std::string_view text, const std::string& source, ErrorKind kind)
      : text_(text), source_(source), kind_(kind) {}

  Json take() { return std::move(document_); }

  void null() override { put(nullptr); }
  void boolean(bool value) override { put(value); }
  void integer(std::int64_t value) override { put(value); }
  void unsigned_integer(std::uint64_t value) override { put(value); }
  void real(double value) override { put(value); }
  void string(std::string value) override { put(std::move(value)); }
  void start_object() override { open(Json::object()); }
  void end_object() override { close(); }
  void start_list() override { open(Json::array()); }
  void end_list() override { close(); }
  void key(std::string name) override;
  [[noreturn]] void syntax_error(std::size_t byte) override;
  [[noreturn]] void number_error() override { fail("holds a number that does not fit a double"); }

 private:
  struct Level {
    Json value;
    std::string key = {};
    std::unordered_set<std::string> keys = {};
  };

  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(kind_, source_ + ": " + sentence);
  }
  void put(Json value);
  void open(Json value);
  void close();

  std::string_view text_;
  const std::string& source_;
  ErrorKind kind_;
  std::vector<Level> levels_;
  std::size_t values_ = 0;
  Json document_;
};

void Builder::put(Json value) {
  if (++values_ > kMaxValues) fail(fmt::format("holds more than {} values", kMaxValues));
  if (levels_.empty()) {
    document_ = std::move(value);
  } else if (Level& level = levels_.back(); level.value.is_array()) {
    level.value.push_back(std::move(value));
  } else {
    level.value.append(std::move(level.key), std::move(value));
  }
}

void Builder::open(Json value) {
  if (levels_.size() >= kMaxDepth) fail(fmt::format("nested deeper than {} levels", kMaxDepth));
  levels_.push_back({std::move(value)});
}

void Builder::close() {
  Json value = std::move(levels_.back().value);
  levels_.pop_back();
  put(std::move(value));
}

void Builder::key(std::string name) {
  Level& level = levels_.back();
  if (!level.keys.insert(name).second) {
    fail(fmt::format("key {} appears twice in one object", json_text(Json(name))));
  }
  if (level.keys.size() > kMaxKeys) {
    fail(fmt::format("an object has more than {} keys", kMaxKeys));
  }
  level.key = std::move(name);
}

void Builder::syntax_error(std::size_t byte) {
  fail(fmt::format("{}: not valid JSON; did not expect {} here", line_and_column(text_, byte),
                   character_at(text_, byte)));
}

}  // namespace

Json parse_json(std::string_view text, const std::string& source, ErrorKind kind) {
  // The library takes a NUL byte for the end of its input.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    throw Error(kind,
                fmt::format("{}: {}: NUL byte in JSON text", source, line_and_column(text, nul)));
  }
  Builder builder(text, source, kind);
  read_json_events(text, builder);
  return builder.take();
}

std::optional<Json> try_parse_json(std::string_view text) {
  try {
    return parse_json(text, "text", ErrorKind::internal);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace bnn
