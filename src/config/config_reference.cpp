#include "bnn/config/config_reference.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <vector>

#include "bnn/core/error.h"
#include "reference_rows.h"
#include "reference_text.h"

namespace bnn {
namespace {

std::string join(const std::vector<std::string>& parts, const std::string& between) {
  return fmt::format("{}", fmt::join(parts, between));
}

std::string code(const std::string& word) { return "`" + word + "`"; }

// Finds sentences and remembers which were found, so that none stays unused.
class Sentences {
 public:
  Sentences(const std::vector<NamedText>& texts, std::string place)
      : texts_(texts), place_(std::move(place)) {}

  std::string operator()(const std::string& name) {
    const auto found = std::find_if(texts_.begin(), texts_.end(),
                                    [&](const NamedText& text) { return text.name == name; });
    if (found == texts_.end()) {
      faults_.push_back("no sentence for " + place_ + " " + name);
      return "";
    }
    used_.insert(name);
    return std::string(found->text);
  }

  std::vector<std::string> faults() const {
    std::vector<std::string> list = faults_;
    for (const NamedText& text : texts_) {
      const std::string name(text.name);
      if (used_.count(name) == 0) list.push_back("no config has " + place_ + " " + name);
    }
    return list;
  }

 private:
  const std::vector<NamedText>& texts_;
  std::string place_;
  std::set<std::string> used_;
  std::vector<std::string> faults_;
};

bool is_required(const SectionRows& section, const std::string& key, const std::string& type) {
  for (const KeyRow& row : section.keys) {
    if (row.key != key) continue;
    for (const KeyForm& form : row.forms) {
      const bool owned = form.owners.size() > 1 || form.owners.front() == type;
      if (owned && form.fallback == "required") return true;
    }
  }
  return false;
}

// Keys that all types have are listed apart.
std::vector<std::string> common_keys(const SectionRows& section) {
  std::vector<std::string> common;
  if (section.types.size() < 2) return common;
  for (const std::string& key : section.types.front().keys) {
    const bool everywhere =
        std::all_of(section.types.begin(), section.types.end(), [&](const TypeRow& type) {
          return std::count(type.keys.begin(), type.keys.end(), key) > 0;
        });
    if (everywhere) common.push_back(key);
  }
  return common;
}

// The keys of a type. A long list that differs little from an earlier one refers to that.
std::string keys_text(const SectionRows& section, const TypeRow& type,
                      const std::vector<std::string>& common) {
  constexpr std::size_t kLong = 6;
  const auto has = [](const TypeRow& row, const std::string& key) {
    return std::count(row.keys.begin(), row.keys.end(), key) > 0;
  };
  for (const TypeRow& earlier : section.types) {
    if (&earlier == &type) break;
    std::vector<std::string> missing;
    for (const std::string& key : earlier.keys) {
      if (!has(type, key)) missing.push_back(code(key));
    }
    const bool more = std::any_of(type.keys.begin(), type.keys.end(),
                                  [&](const std::string& key) { return !has(earlier, key); });
    if (more || missing.size() > 1 || type.keys.size() < common.size() + kLong) continue;
    const std::string without = missing.empty() ? "" : " without " + missing.front();
    return "those of " + code(earlier.name) + without;
  }
  std::vector<std::string> own;
  for (const std::string& key : type.keys) {
    if (std::count(common.begin(), common.end(), key) > 0) continue;
    own.push_back(code(key) + (is_required(section, key, type.name) ? "*" : ""));
  }
  return join(own, ", ");
}

std::string types_table(const SectionRows& section, Sentences& sentences) {
  const std::vector<std::string> common = common_keys(section);
  const std::string discriminator = section.text.title == "data" ? "format" : "type";
  std::string text = fmt::format("| `{}` | what it is | its keys (* required) |\n", discriminator);
  text += "| --- | --- | --- |\n";
  for (const TypeRow& type : section.types) {
    text += fmt::format("| `{}` | {} | {} |\n", type.name, sentences(type.name),
                        keys_text(section, type, common));
  }
  std::vector<std::string> words;
  for (const std::string& key : common) words.push_back(code(key));
  if (!words.empty()) text += "\nEvery type also has " + join(words, ", ") + ".\n";
  return text + "\n";
}

// One column of a key: what most types say, then the others, each with its types.
std::string cell(const KeyRow& row, std::string KeyForm::*column) {
  std::vector<KeyForm> forms = row.forms;
  std::stable_sort(forms.begin(), forms.end(), [](const KeyForm& a, const KeyForm& b) {
    return a.owners.size() > b.owners.size();
  });
  std::string text = forms.front().*column;
  for (std::size_t i = 1; i < forms.size(); ++i) {
    if (forms[i].*column == forms.front().*column) continue;
    std::vector<std::string> owners;
    for (const std::string& owner : forms[i].owners) owners.push_back(code(owner));
    text += fmt::format("<br>{}: {}", join(owners, ", "), forms[i].*column);
  }
  return text;
}

std::string keys_table(const SectionRows& section, Sentences& sentences) {
  if (section.keys.empty()) return "";
  std::string text = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const KeyRow& row : section.keys) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", row.key, cell(row, &KeyForm::accepts),
                        cell(row, &KeyForm::fallback), sentences(row.key));
  }
  return text + "\n";
}

}  // namespace

std::string config_reference(const Json& schema) {
  std::string text;
  std::vector<std::string> faults;
  for (const SectionRows& section : reference_rows(schema, reference_sections())) {
    const std::string title(section.text.title);
    Sentences of_types(section.text.types, title + ": type"),
        of_keys(section.text.keys, title + ": key");
    text += "### " + title + "\n\n";
    if (!section.text.introduction.empty()) {
      text += std::string(section.text.introduction) + "\n\n";
    }
    if (!section.types.empty()) text += types_table(section, of_types);
    text += keys_table(section, of_keys);
    for (const Sentences* sentences : {&of_types, &of_keys}) {
      const std::vector<std::string> more = sentences->faults();
      faults.insert(faults.end(), more.begin(), more.end());
    }
  }
  if (!faults.empty()) {
    throw Error(ErrorKind::internal, "the reference of config keys: " + join(faults, "; "));
  }
  text.pop_back();  // the blank line behind the last table
  return text;
}

}  // namespace bnn
