#include "bnn/core/json.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace bnn {
namespace {

[[noreturn]] void fail(const std::string& expected) {
  throw JsonError("a JSON value is not " + expected);
}

[[noreturn]] void fail_missing(std::string_view key) {
  throw JsonError("a JSON object has no member \"" + std::string(key) + "\"");
}

bool is_pair(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_string();
}

}  // namespace

Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json::Json(Members members) : value_(std::move(members)) {}

Json::Json(std::initializer_list<Json> elements) {
  if (!std::all_of(elements.begin(), elements.end(), is_pair)) {
    value_ = List(elements);
    return;
  }
  value_ = Members();
  for (const Json& pair : elements) (*this)[pair[0].text()] = pair[1];
}

bool Json::boolean() const {
  if (!is_boolean()) fail("a boolean");
  return std::get<bool>(value_);
}

double Json::real() const {
  if (holds<std::int64_t>()) return static_cast<double>(std::get<std::int64_t>(value_));
  if (is_number_unsigned()) return static_cast<double>(std::get<std::uint64_t>(value_));
  if (!is_number_float()) fail("a number");
  return std::get<double>(value_);
}

std::int64_t Json::whole() const {
  if (holds<std::int64_t>()) return std::get<std::int64_t>(value_);
  if (is_number_unsigned()) return static_cast<std::int64_t>(std::get<std::uint64_t>(value_));
  return static_cast<std::int64_t>(real());
}

std::uint64_t Json::whole_unsigned() const {
  if (is_number_unsigned()) return std::get<std::uint64_t>(value_);
  return static_cast<std::uint64_t>(whole());
}

const std::string& Json::text() const {
  if (!is_string()) fail("a string");
  return std::get<std::string>(value_);
}

const Json::List& Json::list() const {
  if (!is_array()) fail("a list");
  return std::get<List>(value_);
}

std::size_t Json::size() const {
  if (is_array()) return std::get<List>(value_).size();
  if (is_object()) return std::get<Members>(value_).size();
  return is_null() ? 0 : 1;
}

Json::List::const_iterator Json::begin() const { return list().begin(); }
Json::List::const_iterator Json::end() const { return list().end(); }

Json::List::iterator Json::begin() {
  list();  // or throws
  return std::get<List>(value_).begin();
}

Json::List::iterator Json::end() {
  list();
  return std::get<List>(value_).end();
}

const Json& Json::at(std::size_t index) const {
  if (index >= list().size()) fail("a list of more than " + std::to_string(index) + " elements");
  return list()[index];
}

Json& Json::at(std::size_t index) { return const_cast<Json&>(std::as_const(*this).at(index)); }

void Json::push_back(Json element) {
  if (is_null()) value_ = List();
  list();
  std::get<List>(value_).push_back(std::move(element));
}

Json::List::iterator Json::erase(List::const_iterator first, List::const_iterator last) {
  list();
  return std::get<List>(value_).erase(first, last);
}

const Json::Members& Json::items() const& {
  static const Members none;
  return is_object() ? std::get<Members>(value_) : none;
}

const Json* Json::find(std::string_view key) const {
  const Members& members = items();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Json* Json::find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).find(key)); }

Json Json::value_or(std::string_view key, Json fallback) const {
  const Json* found = find(key);
  return found != nullptr ? *found : std::move(fallback);
}

const Json& Json::at(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr) fail_missing(key);
  return *found;
}

Json& Json::at(std::string_view key) { return const_cast<Json&>(std::as_const(*this).at(key)); }

Json& Json::operator[](std::string_view key) {
  if (Json* found = find(key)) return *found;
  append(std::string(key), Json());
  return std::get<Members>(value_).back().value;
}

void Json::append(std::string key, Json value) {
  if (is_null()) value_ = Members();
  if (!is_object()) fail("an object");
  std::get<Members>(value_).push_back({std::move(key), std::move(value)});
}

void Json::erase(std::string_view key) {
  if (!is_object()) fail("an object");
  std::erase_if(std::get<Members>(value_),
                [&](const JsonMember& member) { return member.key == key; });
}

bool Json::equal(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_number_float() || b.is_number_float()) return a.real() == b.real();
    // A negative integer equals no unsigned one.
    const auto is_negative = [](const Json& x) { return !x.is_number_unsigned() && x.whole() < 0; };
    return is_negative(a) == is_negative(b) && a.whole() == b.whole();
  }
  if (a.is_object() && b.is_object()) {
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                      [](const JsonMember& x, const JsonMember& y) {
                        return x.key == y.key && x.value == y.value;
                      });
  }
  return a.value_.index() == b.value_.index() && !a.is_object() &&
         (a.is_null() || (a.is_boolean() && a.boolean() == b.boolean()) ||
          (a.is_string() && a.text() == b.text()) || (a.is_array() && a.list() == b.list()));
}

std::ostream& Json::print(std::ostream& out, const Json& value) {
  return out << value.dump_replacing();
}

}  // namespace bnn
