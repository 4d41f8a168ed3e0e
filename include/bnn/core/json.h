#pragma once
// A JSON value: null, a boolean, a number, a string, a list, or an object whose members keep their
// order.
//
// A plain value type, cheap to include. Text is read and written by nlohmann::json, which
// src/core/json_library.cpp alone includes: parse_json (parse_json.h) reads, `dump` writes. Values
// are built as in that library: a list in braces whose elements are all pairs of a string and a
// value is an object, any other is a list.
//
//     Json line = {{"event", "train"}, {"step", 3}, {"sizes", {1, 2}}};
//     line["nll"] = 0.25;
//
// Integers and reals are kept apart, and compare equal if their values are. A missing member or a
// value of another type throws JsonError. That is a defect of the caller, not of a file. Objects
// are searched from the front; parse_json caps their size. Const members are thread-safe.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace bnn {

class JsonError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

struct JsonMember;
class Json;

/// A list or another container of values, and neither a text nor a Json itself.
template <typename Container>
concept JsonContainer =
    !std::is_same_v<Container, Json> &&
    !std::is_convertible_v<const Container&, std::string_view> && requires(const Container& c) {
  *c.begin();
  c.size();
};

class Json {
 public:
  using List = std::vector<Json>;
  using Members = std::vector<JsonMember>;

  Json() noexcept;
  Json(std::nullptr_t) noexcept;
  Json(bool value);
  template <typename Number>
  requires std::is_arithmetic_v<Number> Json(Number number);
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  Json(List list);
  /// A list of what a container holds.
  template <JsonContainer Container>
  Json(const Container& container);
  Json(std::initializer_list<Json> elements);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  static Json object();
  /// A list of these, whatever they are.
  static Json array(std::initializer_list<Json> elements = {});

  bool is_null() const { return holds<std::monostate>(); }
  bool is_boolean() const { return holds<bool>(); }
  bool is_number() const { return is_number_integer() || is_number_float(); }
  /// Written without fraction or exponent, and within 64 bits.
  bool is_number_integer() const { return holds<std::int64_t>() || is_number_unsigned(); }
  bool is_number_unsigned() const { return holds<std::uint64_t>(); }
  bool is_number_float() const { return holds<double>(); }
  bool is_string() const { return holds<std::string>(); }
  bool is_array() const { return holds<List>(); }
  bool is_object() const { return holds<Members>(); }

  /// The value as a number (converted), bool, std::string or vector of these.
  template <typename T>
  T get() const {
    if constexpr (std::is_same_v<T, bool>) {
      return boolean();
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(real());
    } else if constexpr (std::is_unsigned_v<T>) {
      return static_cast<T>(whole_unsigned());
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(whole());
    } else if constexpr (std::is_same_v<T, std::string>) {
      return text();
    } else {
      T all;
      for (const Json& element : list()) all.push_back(element.get<typename T::value_type>());
      return all;
    }
  }
  const std::string& text() const;

  /// Elements of a list or members of an object; 0 of null, 1 of other values.
  std::size_t size() const;
  bool empty() const { return size() == 0; }

  /// Elements of a list. Members of an object are items().
  List::iterator begin();
  List::iterator end();
  List::const_iterator begin() const;
  List::const_iterator end() const;
  Json& at(std::size_t index);
  const Json& at(std::size_t index) const;
  Json& operator[](std::size_t index) { return at(index); }
  const Json& operator[](std::size_t index) const { return at(index); }
  const Json& back() const { return at(size() - 1); }
  const Json& front() const { return at(0); }
  /// Null becomes a list.
  void push_back(Json element);
  List::iterator erase(List::const_iterator first, List::const_iterator last);

  /// Members of an object in their order; none of other values.
  const Members& items() const&;
  const Members& items() const&& = delete;  // would dangle
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// The member, or null.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// The member, or `fallback` if there is none.
  Json value_or(std::string_view key, Json fallback = nullptr) const;
  Json& at(std::string_view key);
  const Json& at(std::string_view key) const;
  /// Appends the member, as null, if it is not there. Null becomes an object.
  Json& operator[](std::string_view key);
  const Json& operator[](std::string_view key) const { return at(key); }
  /// Appends the member without searching for it. The caller must know that it is new.
  void append(std::string key, Json value);
  void erase(std::string_view key);

  /// Text on one line, or with lines indented by `indent` columns. Characters of strings that steer
  /// the display (display_text.h) are escaped, and numbers that are not finite are null. Throws
  /// JsonError if a string is not UTF-8.
  std::string dump(int indent = -1) const;
  /// The same on one line with U+FFFD for what is not UTF-8; with `ascii`, every character beyond
  /// ASCII is escaped.
  std::string dump_replacing(bool ascii = false) const;

  friend bool operator==(const Json& a, const Json& b) { return equal(a, b); }
  friend std::ostream& operator<<(std::ostream& out, const Json& value) {
    return print(out, value);
  }

 private:
  explicit Json(Members members);

  template <typename T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  bool boolean() const;
  double real() const;
  std::int64_t whole() const;
  std::uint64_t whole_unsigned() const;
  const List& list() const;
  static bool equal(const Json& a, const Json& b);
  static std::ostream& print(std::ostream& out, const Json& value);

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, List,
               Members>
      value_;
};

struct JsonMember {
  std::string key;
  Json value;
};

// Defined here, where members of objects are known.

inline Json::Json() noexcept = default;
inline Json::Json(std::nullptr_t) noexcept {}
inline Json::Json(bool value) : value_(value) {}

template <typename Number>
requires std::is_arithmetic_v<Number> Json::Json(Number number) {
  if constexpr (std::is_floating_point_v<Number>) {
    value_ = static_cast<double>(number);
  } else if constexpr (std::is_unsigned_v<Number>) {
    value_ = static_cast<std::uint64_t>(number);
  } else {
    value_ = static_cast<std::int64_t>(number);
  }
}

inline Json::Json(std::string text) : value_(std::move(text)) {}
inline Json::Json(std::string_view text) : value_(std::string(text)) {}
inline Json::Json(const char* text) : value_(std::string(text)) {}
inline Json::Json(List list) : value_(std::move(list)) {}

template <JsonContainer Container>
Json::Json(const Container& container) : value_(List()) {
  for (const auto& element : container) push_back(Json(element));
}

inline Json Json::object() { return Json(Members()); }
inline Json Json::array(std::initializer_list<Json> elements) { return Json(List(elements)); }

/// One line of an output, with a line feed at its end and U+FFFD for what is not UTF-8.
std::string json_line(const Json& value);

}  // namespace bnn
