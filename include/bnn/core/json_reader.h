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
//     root.object("kl", [&](ObjectReader& kl) { weight = kl.real("weight", {.fallback = 1.0}); });
//     root.finish();              // unknown keys become problems, with "did you mean"
//     problems.raise_if_any(ErrorKind::config);
//
// A reader in describing mode has no document: each getter notes what it would accept, so that the
// functions that parse a config also give its JSON Schema (json_schema.h).
//
// Readers are not thread-safe. The document must outlive them.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/core/enum_names.h"
#include "bnn/core/error.h"
#include "bnn/core/json.h"

namespace bnn {

/// The value as text on one line (for messages), cut at about 60 bytes.
std::string json_text(const Json& value);

/// The candidate closest to `word` by edit distance, if it is close enough to be a typo.
std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// What is wrong with one document, in the order of discovery.
class Problems {
 public:
  explicit Problems(std::string source) : source_(std::move(source)) {}

  /// A problem that is added twice counts once.
  /// @param pointer JSON pointer of the place ("/model/layers/3/filters").
  void add(const std::string& pointer, const std::string& sentence);
  /// From now on, what is wrong at or below `from` is reported at `to`, where a user wrote it.
  void redirect(const std::string& from, const std::string& to);
  bool empty() const { return sentences_.empty(); }
  /// Throws one Error that lists everything, "source: pointer: sentence; pointer: sentence …".
  void raise_if_any(ErrorKind kind) const;

 private:
  std::string source_;
  std::vector<std::string> sentences_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> redirections_;
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

/// A value of several types, each with its own options; an object's key "type" says which:
/// {"type": "constant", "value": 2}. The bare name "zeros" stands for {"type": "zeros"}.
struct VariantRule {
  std::vector<std::string> types;
  /// What an absent key means: an object, a bare name, or null. Without a fallback, required.
  std::optional<Json> fallback = {};
  /// Whether null is accepted, meaning none of the types. It always is if it is the fallback.
  bool nullable = false;
  /// The type of an object that names none. Empty: every object names its type.
  std::string default_type = "";
  /// Whether a bare name stands for an object of that type with every option left out.
  bool bare_names = true;
  std::string discriminator = "type";

  bool allows_null() const { return nullable || (fallback && fallback->is_null()); }
};

class ObjectReader {
 public:
  using Read = std::function<void(ObjectReader&)>;
  using ReadVariant = std::function<void(ObjectReader&, const std::string& type)>;

  /// A value that is not an object is a problem and reads as an empty object.
  /// @param describing also notes a JSON Schema of the keys asked for.
  ObjectReader(const Json& value, std::string pointer, Problems& problems, bool describing = false);

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
  /// The same for the names of an enum.
  template <typename Enum, std::size_t N>
  Enum enumerator(const std::string& key, const EnumNames<Enum, N>& names, Enum fallback) {
    return value_of(names, choice(key, list_of(names), name_of(names, fallback)))
        .value_or(fallback);
  }
  /// One integer, repeated, or a list of exactly `count` of them: kernel sizes, strides.
  std::vector<int> integers(const std::string& key, int count, IntegerRule rule);
  /// A list of finite numbers of any length.
  std::vector<double> reals(const std::string& key, RealRule rule);
  /// A list of strings; a single string counts as a list of one.
  std::vector<std::string> texts(const std::string& key,
                                 std::optional<std::vector<std::string>> fallback);
  /// A nested object: reads it, finishes it and records it. Absent or null, it reads as {}.
  void object(const std::string& key, const Read& read);
  /// One of several types of value (VariantRule). `read` gets a reader of the object and its type;
  /// it is called once, or not at all for null and for what names no type. Records {"type": ...}
  /// with all defaults. Returns the type that was read, if any. Describing, `read` is called once
  /// for every type.
  ///
  ///     root.variant("bias_initializer", {.types = {"zeros", "constant"}, .fallback = "zeros"},
  ///                  [&](ObjectReader& r, const std::string& type) {
  ///                    if (type == "constant") value = r.real("value", {.fallback = 0.0});
  ///                  });
  std::optional<std::string> variant(const std::string& key, const VariantRule& rule,
                                     const ReadVariant& read);
  /// The type of this object, for elements of a list of variants (see also variant_schema). A
  /// misspelt one is reported and read as the closest; none if no type is close.
  std::optional<std::string> type(const VariantRule& rule);

  /// A key that may be absent or null. Null is then recorded. Otherwise `read` is called, which
  /// asks for the key by one of the getters, without a fallback. Returns whether the key has a
  /// value.
  bool optional(const std::string& key, const std::function<void()>& read);

  /// Records the resolved value of `key`, for values that the caller read by `raw` or `object`.
  void record(const std::string& key, Json value);
  /// Reports a problem at `key`.
  void problem(const std::string& key, const std::string& sentence);
  /// Reports every key that nothing asked for. A second call does nothing.
  void finish();

  /// True if getters note what they accept. There is no document then: every key is absent, except
  /// the discriminator of a variant.
  bool describing() const { return describing_; }
  /// Describing only: sets what `key` accepts, for values read by `raw`; {} is anything.
  void describe(const std::string& key, Json schema, bool required = false);
  /// Describing only: replaces the description of this whole object.
  void describe_whole(Json schema) { schema_ = std::move(schema); }
  /// The JSON Schema of this object, complete after `finish()`. Null unless describing.
  const Json& schema() const { return schema_; }

  const Json& resolved() const { return resolved_; }
  /// Every key asked for so far: the keys that this object may have.
  const std::vector<std::string>& known() const { return known_; }
  /// Calls `read` and marks the keys that it asks for: a caller can thus name a part of the keys.
  void mark(const std::function<void()>& read);
  const std::vector<std::string>& marked() const { return marked_; }
  const std::string& pointer() const { return pointer_; }
  Problems& problems() { return problems_; }

 private:
  const Json* find(const std::string& key);
  const Json* find_required(const std::string& key, bool has_fallback, const std::string& expected);

  const Json& value_;
  std::string pointer_;
  Problems& problems_;
  std::vector<std::string> known_, marked_;
  Json resolved_;
  bool describing_;
  bool finished_ = false;
  Json schema_;
};

}  // namespace bnn
