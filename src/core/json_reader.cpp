#include "bnn/core/json_reader.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "bnn/core/json_schema.h"

namespace bnn {
namespace {

const Json& null_value() {
  static const Json value;
  return value;
}

std::string type_name(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "a boolean";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "an object";
}

std::string found(const Json& value) {
  if (value.is_array() || value.is_object()) return "found " + type_name(value);
  return "found " + json_text(value);
}

std::string number_text(double value) { return Json(value).dump(); }

std::string integer_range(const IntegerRule& rule) {
  const bool low = rule.min != std::numeric_limits<std::int64_t>::min();
  const bool high = rule.max != std::numeric_limits<std::int64_t>::max();
  if (low && high) {
    return "an integer from " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
  }
  return low ? "an integer of at least " + std::to_string(rule.min) : "an integer";
}

std::string real_range(const RealRule& rule) {
  const bool low = rule.min != std::numeric_limits<double>::lowest();
  const bool high = rule.max != std::numeric_limits<double>::max();
  std::string text = "a number";
  if (low) text += (rule.above_min ? " above " : " of at least ") + number_text(rule.min);
  if (high) text += (low ? " and at most " : " of at most ") + number_text(rule.max);
  return text;
}

// A JSON number is an integer here only if it was written as one and fits 64 signed bits.
std::optional<std::int64_t> exact_integer(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    return std::nullopt;
  }
  return value.get<std::int64_t>();
}

std::optional<std::int64_t> checked_integer(const Json& value, const IntegerRule& rule) {
  const auto number = exact_integer(value);
  if (!number || *number < rule.min || *number > rule.max) return std::nullopt;
  return number;
}

std::optional<double> checked_real(const Json& value, const RealRule& rule) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!std::isfinite(number) || number < rule.min || number > rule.max) return std::nullopt;
  if (rule.above_min && number == rule.min) return std::nullopt;
  return number;
}

std::string join_quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += '"' + word + '"';
  }
  return text;
}

// The option that a value names, in any case.
std::optional<std::string> named_option(const Json& value,
                                        const std::vector<std::string>& options) {
  std::string word = value.is_string() ? value.get<std::string>() : "";
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto option = std::find(options.begin(), options.end(), word);
  return option != options.end() ? std::optional(*option) : std::nullopt;
}

}  // namespace

ObjectReader::ObjectReader(const Json& value, std::string pointer, Problems& problems,
                           bool describing)
    : value_(value),
      pointer_(std::move(pointer)),
      problems_(problems),
      resolved_(Json::object()),
      describing_(describing) {
  if (describing_) schema_ = {{"type", "object"}, {"properties", Json::object()}};
  if (!value.is_object() && !value.is_null()) {
    problems_.add(pointer_, "expected an object, " + found(value));
  }
}

bool ObjectReader::has(const std::string& key) const {
  return value_.is_object() && value_.contains(key);
}

bool ObjectReader::is_null(const std::string& key) const {
  return has(key) && value_.at(key).is_null();
}

void ObjectReader::mark(const std::function<void()>& read) {
  const std::size_t before = known_.size();
  read();
  for (std::size_t i = before; i < known_.size(); ++i) marked_.push_back(known_[i]);
}

const Json* ObjectReader::find(const std::string& key) {
  known_.push_back(key);
  return has(key) ? &value_.at(key) : nullptr;
}

const Json* ObjectReader::find_required(const std::string& key, bool has_fallback,
                                        const std::string& expected) {
  const Json* value = find(key);
  if (value == nullptr && !has_fallback) problem(key, "missing; expected " + expected);
  return value;
}

const Json& ObjectReader::raw(const std::string& key) {
  const Json* value = find(key);
  if (describing_ && !schema_["properties"].contains(key)) {
    schema_["properties"][key] = Json::object();
  }
  return value != nullptr ? *value : null_value();
}

std::int64_t ObjectReader::integer(const std::string& key, IntegerRule rule) {
  if (describing_) describe(key, integer_schema(rule), !rule.fallback);
  std::int64_t result = rule.fallback.value_or(std::max<std::int64_t>(rule.min, 0));
  if (const Json* value = find_required(key, rule.fallback.has_value(), integer_range(rule))) {
    if (const auto number = checked_integer(*value, rule)) {
      result = *number;
    } else {
      problem(key, "expected " + integer_range(rule) + ", " + found(*value));
    }
  }
  record(key, result);
  return result;
}

double ObjectReader::real(const std::string& key, RealRule rule) {
  if (describing_) describe(key, real_schema(rule), !rule.fallback);
  double result = rule.fallback.value_or(0.0);
  if (const Json* value = find_required(key, rule.fallback.has_value(), real_range(rule))) {
    if (const auto number = checked_real(*value, rule)) {
      result = *number;
    } else {
      problem(key, "expected " + real_range(rule) + ", " + found(*value));
    }
  }
  record(key, result);
  return result;
}

bool ObjectReader::boolean(const std::string& key, std::optional<bool> fallback) {
  if (describing_) describe(key, boolean_schema(fallback), !fallback);
  bool result = fallback.value_or(false);
  if (const Json* value = find_required(key, fallback.has_value(), "true or false")) {
    if (value->is_boolean()) {
      result = value->get<bool>();
    } else {
      problem(key, "expected true or false, " + found(*value));
    }
  }
  record(key, result);
  return result;
}

std::string ObjectReader::text(const std::string& key, std::optional<std::string> fallback) {
  if (describing_) describe(key, text_schema(fallback), !fallback);
  std::string result = fallback.value_or("");
  if (const Json* value = find_required(key, fallback.has_value(), "a string")) {
    if (value->is_string()) {
      result = value->get<std::string>();
    } else {
      problem(key, "expected a string, " + found(*value));
    }
  }
  record(key, result);
  return result;
}

std::string ObjectReader::choice(const std::string& key, const std::vector<std::string>& options,
                                 std::optional<std::string> fallback) {
  if (describing_) describe(key, choice_schema(options, fallback), !fallback);
  std::string result = fallback.value_or(options.front());
  const std::string expected = "one of " + join_quoted(options);
  if (const Json* value = find_required(key, fallback.has_value(), expected)) {
    if (const auto option = named_option(*value, options)) {
      result = *option;
    } else {
      const auto guess =
          closest(value->is_string() ? value->get<std::string>() : std::string(), options);
      problem(key, found(*value) + (guess ? " (did you mean \"" + *guess + "\"?)" : "") +
                       "; expected " + expected);
    }
  }
  record(key, result);
  return result;
}

std::vector<int> ObjectReader::integers(const std::string& key, int count, IntegerRule rule) {
  rule.max = std::min<std::int64_t>(rule.max, std::numeric_limits<int>::max());
  if (describing_) describe(key, integers_schema(count, rule), !rule.fallback);
  std::vector<int> result(
      static_cast<std::size_t>(count),
      static_cast<int>(rule.fallback.value_or(std::max<std::int64_t>(rule.min, 0))));
  const std::string expected =
      integer_range(rule) + ", or a list of " + std::to_string(count) + " of them";
  if (const Json* value = find_required(key, rule.fallback.has_value(), expected)) {
    const Json list = value->is_array() ? *value : Json(Json::List(result.size(), *value));
    bool good = list.size() == result.size();
    for (std::size_t i = 0; good && i < result.size(); ++i) {
      const auto number = checked_integer(list[i], rule);
      good = number.has_value();
      if (good) result[i] = static_cast<int>(*number);
    }
    if (!good) problem(key, "expected " + expected + ", found " + json_text(*value));
  }
  record(key, result);
  return result;
}

std::vector<double> ObjectReader::reals(const std::string& key, RealRule rule) {
  if (describing_) describe(key, list_schema(real_schema(rule)), true);
  std::vector<double> result;
  const std::string expected = "a list whose elements are each " + real_range(rule);
  if (const Json* value = find_required(key, false, expected)) {
    bool good = value->is_array();
    for (std::size_t i = 0; good && i < value->size(); ++i) {
      const auto number = checked_real((*value)[i], rule);
      good = number.has_value();
      if (good) result.push_back(*number);
    }
    if (!good) {
      result.clear();
      problem(key, "expected " + expected + ", found " + json_text(*value));
    }
  }
  record(key, result);
  return result;
}

std::vector<std::string> ObjectReader::texts(const std::string& key,
                                             std::optional<std::vector<std::string>> fallback) {
  if (describing_) describe(key, texts_schema(fallback), !fallback);
  std::vector<std::string> result = fallback.value_or(std::vector<std::string>());
  if (const Json* value = find_required(key, fallback.has_value(), "a list of strings")) {
    const Json list = value->is_array() ? *value : Json(Json::List(1, *value));
    const bool good =
        std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); });
    if (good) {
      result = list.get<std::vector<std::string>>();
    } else {
      problem(key, "expected a string or a list of strings, found " + json_text(*value));
    }
  }
  record(key, result);
  return result;
}

void ObjectReader::object(const std::string& key, const Read& read) {
  ObjectReader nested(raw(key), pointer_ + "/" + key, problems_, describing_);
  read(nested);
  nested.finish();
  if (describing_) {
    const bool required = requires_keys(nested.schema());
    // Null reads as {}.
    describe(key, required ? nested.schema() : or_null(nested.schema()), required);
  }
  record(key, nested.resolved());
}

std::optional<std::string> ObjectReader::variant(const std::string& key, const VariantRule& rule,
                                                 const ReadVariant& read) {
  if (describing_) {
    describe(key, variant_forms_schema(rule, read), !rule.fallback);
    return std::nullopt;
  }
  Json value = raw(key);
  if (!has(key) && rule.fallback) value = *rule.fallback;
  if (value.is_null() && rule.allows_null() && (has(key) || rule.fallback)) {
    record(key, nullptr);
    return std::nullopt;
  }
  const auto name = rule.bare_names ? named_option(value, rule.types) : std::nullopt;
  if (name) value = {{rule.discriminator, *name}};
  if (!value.is_object()) {
    if (rule.bare_names) {
      choice(key, rule.types, std::nullopt);  // reports it
    } else {
      problem(key,
              has(key) ? "expected an object, " + found(value) : "missing; expected an object");
    }
    return std::nullopt;
  }
  ObjectReader nested(value, pointer_ + "/" + key, problems_);
  const auto type = nested.type(rule);
  if (type) {
    read(nested, *type);
    nested.finish();
  }
  record(key, nested.resolved());
  return type;
}

std::optional<std::string> ObjectReader::type(const VariantRule& rule) {
  const std::string& key = rule.discriminator;
  std::optional<std::string> fallback;
  if (!rule.default_type.empty()) fallback = rule.default_type;
  const std::string name = choice(key, rule.types, fallback);
  if (!has(key)) return fallback;
  if (describing_) describe(key, name_schema(name, fallback), name != rule.default_type);
  const Json& written = value_.at(key);
  if (!written.is_string()) return std::nullopt;
  return closest(written.get<std::string>(), rule.types);
}

bool ObjectReader::optional(const std::string& key, const std::function<void()>& read) {
  const bool given = has(key) && !is_null(key);
  if (given || describing_) read();
  if (given) return true;
  raw(key);
  record(key, nullptr);
  if (describing_) describe(key, with_default(or_null(schema_["properties"][key]), nullptr));
  return false;
}

void ObjectReader::describe(const std::string& key, Json schema, bool required) {
  if (!describing_) return;
  schema_["properties"][key] = std::move(schema);
  Json list = schema_.contains("required") ? schema_.at("required") : Json::array();
  list.erase(std::remove(list.begin(), list.end(), Json(key)), list.end());
  if (required) list.push_back(key);
  schema_.erase("required");
  if (!list.empty()) schema_["required"] = std::move(list);
}

void ObjectReader::record(const std::string& key, Json value) { resolved_[key] = std::move(value); }

void ObjectReader::problem(const std::string& key, const std::string& sentence) {
  problems_.add(pointer_ + "/" + key, sentence);
}

void ObjectReader::finish() {
  const bool again = std::exchange(finished_, true);
  if (describing_ && schema_.contains("properties")) schema_["additionalProperties"] = false;
  if (again || describing_ || !value_.is_object()) return;
  for (const auto& [key, value] : value_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string shown = json_text(Json(key));
    std::string sentence = "unknown key";
    if (const auto guess = closest(key, known_)) sentence += " (did you mean \"" + *guess + "\"?)";
    problems_.add(pointer_ + "/" + shown.substr(1, shown.size() - 2), sentence);
  }
}

}  // namespace bnn
