#pragma once
// What the reference says about config keys: one sentence for each key and for each type of object.
//
// A section describes one kind of object, wherever it stands in a config. Its places are paths of
// keys ("training.kl") or endings of a key's name ("*_initializer").

#include <string_view>
#include <vector>

namespace bnn {

struct NamedText {
  std::string_view name;
  std::string_view text;
};

struct SectionText {
  std::string_view title;
  std::vector<std::string_view> places;
  std::string_view introduction;
  std::vector<NamedText> types;  // of an object whose "type" (in data: "format") says what it is
  std::vector<NamedText> keys;
};

/// The sections in the order of the page.
std::vector<SectionText> reference_sections();

/// Their parts: the document with data and training, and what stands inside "model".
std::vector<SectionText> run_sections();
std::vector<SectionText> model_sections();

}  // namespace bnn
