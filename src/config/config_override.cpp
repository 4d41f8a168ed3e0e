#include <charconv>
#include <string_view>

#include "bnn/config/run_config.h"
#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

Json parse_value(const std::string& text) {
  try {
    return parse_json(text, "--set", ErrorKind::usage);
  } catch (const Error&) {
    return text;
  }
}

[[noreturn]] void fail(const std::string& assignment, const std::string& sentence) {
  throw Error(ErrorKind::usage, "--set " + json_text(Json(assignment)) + ": " + sentence);
}

// The element of a list or object that one part of the path names; objects grow, lists do not.
Json& step_into(Json& value, const std::string& part, const std::string& assignment) {
  if (value.is_null()) value = Json::object();
  if (value.is_object()) return value[part];
  if (!value.is_array())
    fail(assignment, "\"" + part + "\" is below a value that is not an object");
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size()) {
    fail(assignment, "expected an index into a list, found \"" + part + "\"");
  }
  if (index >= value.size()) {
    fail(assignment, "index " + part + " is beyond the list of " + std::to_string(value.size()));
  }
  return value[index];
}

}  // namespace

void apply_override(Json& document, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) fail(assignment, "expected KEY=VALUE");
  std::string_view path = std::string_view(assignment).substr(0, equals);
  Json* place = &document;
  for (;;) {
    const std::size_t dot = path.find('.');
    place = &step_into(*place, std::string(path.substr(0, dot)), assignment);
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  *place = parse_value(assignment.substr(equals + 1));
}

}  // namespace bnn
