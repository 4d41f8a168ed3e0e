#include <algorithm>
#include <set>

#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxKeys = 4096;

std::string line_and_column(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " +
         std::to_string(before.size() - line_start + 1);
}

std::string character_at(std::string_view text, std::size_t byte) {
  if (byte >= text.size()) return "the end of the text";
  const auto c = static_cast<unsigned char>(text[byte]);
  if (c < 0x20 || c >= 0x7F) return "byte " + std::to_string(c);
  return std::string("'") + text[byte] + "'";
}

// Refuses what the library would accept silently (duplicate keys) or die of later (deep nesting).
class StructureCheck {
 public:
  StructureCheck(const std::string& source, ErrorKind kind) : source_(source), kind_(kind) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    // `depth` counts the levels around the value that the event is about.
    const bool opens = event == Event::object_start || event == Event::array_start;
    if (opens && depth >= kMaxDepth) {
      throw Error(kind_, source_ + ": nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event != Event::key) return true;
    if (!keys_.back().insert(parsed.get<std::string>()).second) {
      throw Error(kind_, source_ + ": key " + json_text(parsed) + " appears twice in one object");
    }
    // Ordered objects are searched from the front, so a large one would take quadratic time.
    if (keys_.back().size() > kMaxKeys) {
      throw Error(kind_,
                  source_ + ": an object has more than " + std::to_string(kMaxKeys) + " keys");
    }
    return true;
  }

 private:
  const std::string& source_;
  ErrorKind kind_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& source, ErrorKind kind) {
  // The library takes a NUL byte for the end of its input.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    throw Error(kind, source + ": " + line_and_column(text, nul) + ": NUL byte in JSON text");
  }
  try {
    return Json::parse(text, StructureCheck(source, kind));
  } catch (const Json::parse_error& error) {
    const std::size_t byte = error.byte == 0 ? 0 : error.byte - 1;
    throw Error(kind, source + ": " + line_and_column(text, byte) +
                          ": not valid JSON; did not expect " + character_at(text, byte) + " here");
  } catch (const Json::out_of_range&) {
    throw Error(kind, source + ": holds a number that does not fit a double");
  }
}

}  // namespace bnn
