#include "reference_rows.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "accepted_text.h"
#include "bnn/core/error.h"

namespace bnn {
namespace {

constexpr std::string_view kReference = "#/$defs/";
constexpr std::string_view kAnyCase = "^(";  // patterns that allow a word in any case begin so

bool covers(std::string_view place, std::string_view path) {
  if (!place.starts_with('*')) return place == path;
  return path.ends_with(place.substr(1));
}

class RowCollector {
 public:
  RowCollector(const Json& schema, const std::vector<SectionText>& texts) : root_(schema) {
    for (const SectionText& text : texts) sections_.push_back({text});
    add_object("", "", schema);
  }

  std::vector<SectionRows> take() { return std::move(sections_); }

 private:
  const Json& resolved(const Json& schema) const {
    if (!schema.contains("$ref")) return schema;
    const std::string name = schema.at("$ref").get<std::string>().substr(kReference.size());
    return resolved(root_.at("$defs").at(name));
  }

  // All that a schema stands for, without other spellings of a word.
  std::vector<Json> alternatives(const Json& reference) const {
    const Json& schema = resolved(reference);
    if (!schema.contains("anyOf")) {
      const bool spelling = schema.contains("pattern") && !schema.contains("minLength") &&
                            schema.at("pattern").get<std::string>().starts_with(kAnyCase);
      return spelling ? std::vector<Json>() : std::vector<Json>{schema};
    }
    std::vector<Json> list;
    for (const Json& inner : schema.at("anyOf")) {
      const std::vector<Json> more = alternatives(inner);
      list.insert(list.end(), more.begin(), more.end());
    }
    return list;
  }

  // The word that tells the type of a described object, or "".
  std::string type_word(const Json& object) const {
    for (const char* key : {"type", "format"}) {
      if (!object.at("properties").contains(key)) continue;
      for (const Json& word : alternatives(object.at("properties").at(key))) {
        if (word.contains("const")) return word.at("const").get<std::string>();
      }
    }
    return "";
  }

  bool names_type(const Json& object, const std::string& key) const {
    return (key == "type" || key == "format") && !type_word(object).empty();
  }

  SectionRows& section_of(const std::string& path) {
    for (SectionRows& section : sections_) {
      for (const std::string_view place : section.text.places) {
        if (covers(place, path)) return section;
      }
    }
    throw Error(ErrorKind::internal, "the reference of config keys has no section for " + path);
  }

  // The keys of every object that a schema stands for.
  // @param path of keys from the document; @param key the last of them
  void add_objects(const std::string& path, const std::string& key, const Json& schema) {
    const std::vector<Json> objects = alternatives(schema);
    const auto typed = std::count_if(objects.begin(), objects.end(), [&](const Json& object) {
      return accepts_object(object) && !type_word(object).empty();
    });
    for (const Json& object : objects) {
      if (object.contains("items")) add_objects(path, key, object.at("items"));
      if (!accepts_object(object)) continue;
      add_object(path, typed > 1 ? type_word(object) : key, object);
    }
  }

  void add_object(const std::string& path, const std::string& owner, const Json& object) {
    SectionRows& section = section_of(path);
    TypeRow type{.name = type_word(object), .keys = {}};
    for (const auto& [key, schema] : object.at("properties").items()) {
      if (names_type(object, key)) continue;
      type.keys.push_back(key);
      add_key(section, path, owner, object, key, schema);
    }
    const bool known = std::any_of(section.types.begin(), section.types.end(),
                                   [&](const TypeRow& row) { return row.name == type.name; });
    if (!type.name.empty() && !known) section.types.push_back(type);
  }

  void add_key(SectionRows& section, const std::string& path, const std::string& owner,
               const Json& object, const std::string& key, const Json& schema) {
    const std::string inner = path.empty() ? key : path + "." + key;
    std::vector<Json> accepted = alternatives(schema);
    const std::string object_text = text_of_objects(inner, accepted);
    KeyForm form{
        accepted_text(accepted, object_text), fallback_text(path, object, key, schema), {owner}};
    add_form(row_of(section, key), std::move(form));
    // Defaults are the keys of layers over again.
    if (inner != "model.defaults") add_objects(inner, key, schema);
  }

  // A link to the section of the objects among the alternatives; the bare names of their types go,
  // since that section lists them.
  std::string text_of_objects(const std::string& path, std::vector<Json>& accepted) {
    std::set<std::string> types;
    bool any = false;
    for (const Json& schema : accepted) {
      const Json& items = schema.contains("items") ? schema.at("items") : schema;
      for (const Json& object : alternatives(items)) {
        if (!accepts_object(object)) continue;
        any = true;
        types.insert(type_word(object));
      }
    }
    if (!any) return "";
    std::erase_if(accepted, [&](const Json& schema) {
      if (!schema.contains("enum")) return false;
      const Json& words = schema.at("enum");
      return std::all_of(words.begin(), words.end(), [&](const Json& word) {
        return types.count(word.get<std::string>()) == 1;
      });
    });
    const bool listed = accepted.size() == 1 && accepted.front().contains("items");
    if (listed) accepted.front() = Json{{"type", "object"}};
    const std::string title(section_of(path).text.title);
    const std::string link = "[" + title + "](#" + heading_anchor(title) + ")";
    return (listed ? "a list of objects, see " : "object, see ") + link;
  }

  std::string fallback_text(const std::string& path, const Json& object, const std::string& key,
                            const Json& reference) const {
    const Json& schema = resolved(reference);
    if (schema.contains("default")) return "`" + schema.at("default").dump() + "`";
    const Json required = object.value_or("required", Json::array());
    if (std::find(required.begin(), required.end(), Json(key)) != required.end()) {
      return "required";
    }
    if (accepts_object(schema)) return "`{}`";
    return path == "model.layers" ? "required" : "none";
  }

  static KeyRow& row_of(SectionRows& section, const std::string& key) {
    const auto found = std::find_if(section.keys.begin(), section.keys.end(),
                                    [&](const KeyRow& row) { return row.key == key; });
    if (found != section.keys.end()) return *found;
    section.keys.push_back({key, {}});
    return section.keys.back();
  }

  static void add_form(KeyRow& row, KeyForm form) {
    for (KeyForm& known : row.forms) {
      if (known.accepts != form.accepts || known.fallback != form.fallback) continue;
      const std::string& owner = form.owners.front();
      const bool named = std::count(known.owners.begin(), known.owners.end(), owner) > 0;
      if (!named) known.owners.push_back(owner);
      return;
    }
    row.forms.push_back(std::move(form));
  }

  const Json& root_;
  std::vector<SectionRows> sections_;
};

}  // namespace

std::string heading_anchor(std::string_view title) {
  std::string anchor;
  for (const char c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (std::isalnum(byte) || c == '_' || c == '-') anchor += static_cast<char>(std::tolower(byte));
  }
  return anchor;
}

std::vector<SectionRows> reference_rows(const Json& schema, const std::vector<SectionText>& texts) {
  return RowCollector(schema, texts).take();
}

}  // namespace bnn
