#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <utility>

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

[[noreturn]] void fail(const std::string& option, const std::string& sentence) {
  throw Error(ErrorKind::usage, fmt::format("{}: {}", option, sentence));
}

// The element of a list or object that one part of the path names; objects grow, lists do not.
Json& step_into(Json& value, const std::string& part, const std::string& option) {
  if (value.is_null()) value = Json::object();
  if (value.is_object()) return value[part];
  if (!value.is_array()) {
    fail(option, fmt::format("\"{}\" is below a value that is not an object", part));
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size()) {
    fail(option, fmt::format("expected an index into a list, found \"{}\"", part));
  }
  if (index >= value.size()) {
    fail(option, fmt::format("index {} is beyond the list of {}", part, value.size()));
  }
  return value[index];
}

}  // namespace

void set_key(Json& document, const std::string& path, Json value, const std::string& option) {
  std::string_view rest = path;
  Json* place = &document;
  for (;;) {
    const std::size_t dot = rest.find('.');
    place = &step_into(*place, std::string(rest.substr(0, dot)), option);
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  *place = std::move(value);
}

void apply_override(Json& document, const std::string& assignment) {
  const std::string option = "--set " + json_text(Json(assignment));
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) fail(option, "expected KEY=VALUE");
  set_key(document, assignment.substr(0, equals), parse_value(assignment.substr(equals + 1)),
          option);
}

}  // namespace bnn
