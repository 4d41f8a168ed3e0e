// The one file that includes nlohmann/json.hpp: texts become events, values become text.

#include <nlohmann/json.hpp>

#include "bnn/core/display_text.h"
#include "bnn/core/json.h"
#include "bnn/core/json_events.h"

namespace bnn {
namespace {

using Library = nlohmann::ordered_json;

class Adapter final : public nlohmann::json_sax<Library> {
 public:
  explicit Adapter(JsonEvents& handler) : handler_(handler) {}

  bool null() override { return handler_.null(), true; }
  bool boolean(bool value) override { return handler_.boolean(value), true; }
  bool number_integer(std::int64_t value) override { return handler_.integer(value), true; }
  bool number_unsigned(std::uint64_t value) override {
    return handler_.unsigned_integer(value), true;
  }
  bool number_float(double value, const std::string&) override {
    return handler_.real(value), true;
  }
  bool string(std::string& value) override { return handler_.string(std::move(value)), true; }
  bool binary(Library::binary_t&) override { return false; }  // JSON text has none
  bool start_object(std::size_t) override { return handler_.start_object(), true; }
  bool key(std::string& name) override { return handler_.key(std::move(name)), true; }
  bool end_object() override { return handler_.end_object(), true; }
  bool start_array(std::size_t) override { return handler_.start_list(), true; }
  bool end_array() override { return handler_.end_list(), true; }
  bool parse_error(std::size_t byte, const std::string&, const Library::exception& error) override {
    constexpr int kOutOfRange = 406;  // the library's number of "number overflow"
    if (error.id == kOutOfRange) handler_.number_error();
    handler_.syntax_error(byte == 0 ? 0 : byte - 1);
    return false;
  }

 private:
  JsonEvents& handler_;
};

Library to_library(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  if (value.is_string()) return value.text();
  if (value.is_array()) {
    Library::array_t list;
    for (const Json& element : value) list.push_back(to_library(element));
    return list;
  }
  if (value.is_null()) return nullptr;
  Library::object_t object;
  for (const auto& [key, member] : value.items()) object.emplace_back(key, to_library(member));
  return object;
}

}  // namespace

void read_json_events(std::string_view text, JsonEvents& handler) {
  Adapter adapter(handler);
  Library::sax_parse(text.begin(), text.end(), &adapter);
}

std::string Json::dump(int indent) const {
  try {
    return escaped_json(to_library(*this).dump(indent));
  } catch (const Library::type_error&) {
    throw JsonError("a string is not UTF-8");
  }
}

std::string Json::dump_replacing(bool ascii) const {
  return escaped_json(to_library(*this).dump(-1, ' ', ascii, Library::error_handler_t::replace));
}

std::string json_line(const Json& value) { return value.dump_replacing() + '\n'; }

}  // namespace bnn
