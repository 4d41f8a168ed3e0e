#pragma once
// Checked access to JSON: nothing is coerced, clamped or ignored.
//
// A reader asks for each key by name and type. What is wrong (missing, unknown, wrong type, not an
// integer, out of range) is added to a list of problems instead of being thrown, so that a user
// sees all of them at once; the getter then returns its default. Every value read, given or
// default, is recorded: `resolved()` is the same document with all defaults filled in.
//
//     Problems problems("configs/a.json");
//     ObjectReader root(document, "", problems);
//     int epochs = root.integer("epochs", {.min = 0, .max = 1000000, .fallback = 10});
//     root.finish();              // unknown keys become problems, with "did you mean"
//     problems.raise_if_any(ErrorKind::config);
//
// Readers are not thread-safe. The document must outlive them.

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "bnn/core/error.h"

namespace bnn {

using Json = nlohmann::ordered_json;

/// Parses JSON text. Rejects, with line and column: syntax errors, duplicate keys, numbers that do
/// not fit a double, text after the document, NUL bytes, and nesting deeper than 64.
/// @param source names the text in messages.
Json parse_json(std::string_view text, const std::string& source, ErrorKind kind);

/// The value as text on one line (for messages), cut at about 60 bytes.
std::string json_text(const Json& value);

/// The candidate closest to `word` by edit distance, if it is close enough to be a slip.
std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// What is wrong with one document, in the order of discovery.
class Problems {
 public:
  explicit Problems(std::string source) : source_(std::move(source)) {}

  /// @param pointer JSON pointer of the place ("/model/layers/3/filters").
  void add(const std::string& pointer, const std::string& sentence);
  bool empty() const { return sentences_.empty(); }
  /// Throws one Error that lists everything, "source: pointer: sentence; pointer: sentence …".
  void raise_if_any(ErrorKind kind) const;

 private:
  std::string source_;
  std::vector<std::string> sentences_;
};

/// A whole number in [min, max]. Without a fallback the key is required.
struct IntegerRule {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> fallback = {};
};

/// A finite number in [min, max], or in (min, max] if `above_min`. Without a fallback, required.
struct RealRule {
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
  std::optional<double> fallback = {};
  bool above_min = false;
};

class ObjectReader {
 public:
  /// A value that is not an object is a problem and reads as an empty object.
  ObjectReader(const Json& value, std::string pointer, Problems& problems);

  /// True if the key is present (even if its value is null).
  bool has(const std::string& key) const;
  /// True if the key is present and its value is null.
  bool is_null(const std::string& key) const;
  /// The raw value of a key, marked as known; null if absent. For values of several types.
  const Json& raw(const std::string& key);

  std::int64_t integer(const std::string& key, IntegerRule rule);
  double real(const std::string& key, RealRule rule);
  bool boolean(const std::string& key, std::optional<bool> fallback);
  std::string text(const std::string& key, std::optional<std::string> fallback);
  /// One of a fixed list of words; compared case-insensitively, returned as in the list.
  std::string choice(const std::string& key, const std::vector<std::string>& options,
                     std::optional<std::string> fallback);
  /// One integer, repeated, or a list of exactly `count` of them: kernel sizes, strides.
  std::vector<int> integers(const std::string& key, int count, IntegerRule rule);
  /// A list of finite numbers of any length.
  std::vector<double> reals(const std::string& key, RealRule rule);
  /// A list of strings; a single string counts as a list of one.
  std::vector<std::string> texts(const std::string& key,
                                 std::optional<std::vector<std::string>> fallback);
  /// A reader of a nested object; an absent key reads as {}.
  ObjectReader object(const std::string& key);

  /// Records the resolved value of `key`, for values that the caller read by `raw` or `object`.
  void record(const std::string& key, Json value);
  /// Reports a problem at `key`.
  void problem(const std::string& key, const std::string& sentence);
  /// Reports every key that nothing asked for.
  void finish();

  const Json& resolved() const { return resolved_; }
  /// Every key asked for so far: the keys that this object may have.
  const std::vector<std::string>& known() const { return known_; }
  const std::string& pointer() const { return pointer_; }
  Problems& problems() { return problems_; }

 private:
  const Json* find(const std::string& key);
  const Json* find_required(const std::string& key, bool has_fallback, const std::string& expected);

  const Json& value_;
  std::string pointer_;
  Problems& problems_;
  std::vector<std::string> known_;
  Json resolved_;
};

}  // namespace bnn
