#include "support/markup_check.h"

#include <set>

namespace bnn::testing {
namespace {

struct Tag {
  std::string name, attributes;
  bool closes = false;    // </name>
  bool is_whole = false;  // <name/>, or an element that has no end
};

Tag parse_tag(std::string text) {
  Tag tag;
  if (!text.empty() && text.front() == '/') {
    tag.closes = true;
    text.erase(0, 1);
  }
  if (!text.empty() && text.back() == '/') {
    tag.is_whole = true;
    text.pop_back();
  }
  const std::size_t end = text.find_first_of(" \n");
  tag.name = text.substr(0, end);
  tag.attributes = end == std::string::npos ? "" : text.substr(end);
  static const std::set<std::string> kWithoutEnd = {"!DOCTYPE", "meta", "img", "br"};
  if (kWithoutEnd.count(tag.name) == 1) tag.is_whole = true;
  return tag;
}

bool has_plain_attributes(const Tag& tag) {
  // By hand: a data: address would be too long for the recursion of std::regex.
  std::size_t at = 0;
  const std::string& text = tag.attributes;
  if (tag.name == "!DOCTYPE") return true;
  while ((at = text.find_first_not_of(" \n", at)) != std::string::npos) {
    const std::size_t equals = text.find('=', at);
    if (equals == std::string::npos || equals + 1 >= text.size() || text[equals + 1] != '"')
      return false;
    if (text.substr(at, equals - at).find_first_of(" \n\"'<>") != std::string::npos) return false;
    const std::size_t end = text.find('"', equals + 2);
    if (end == std::string::npos) return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

std::vector<std::string> tag_faults(const std::string& html) {
  std::vector<std::string> faults, open;
  std::size_t at = 0;
  while ((at = html.find('<', at)) != std::string::npos) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) {
      faults.push_back("a tag without an end");
      break;
    }
    const Tag tag = parse_tag(html.substr(at + 1, end - at - 1));
    if (!has_plain_attributes(tag)) faults.push_back("attributes of <" + tag.name + ">");
    if (tag.closes) {
      if (open.empty() || open.back() != tag.name) {
        faults.push_back("</" + tag.name + "> closes <" + (open.empty() ? "" : open.back()) + ">");
        break;
      }
      open.pop_back();
    } else if (!tag.is_whole) {
      open.push_back(tag.name);
    }
    at = end + 1;
    if (tag.name == "style" && !tag.closes) at = html.find("</style>", at);
  }
  for (const std::string& name : open) faults.push_back("<" + name + "> is not closed");
  return faults;
}

std::vector<std::string> elements(const std::string& html, const std::string& name) {
  std::vector<std::string> found;
  std::size_t at = 0;
  while ((at = html.find("<" + name, at)) != std::string::npos) {
    const char after = html[at + name.size() + 1];
    const std::size_t begin = html.find('>', at) + 1;
    at = begin;
    if (after != ' ' && after != '>') continue;
    const std::size_t end = html.find("</" + name + ">", begin);
    found.push_back(html.substr(begin, end - begin));
  }
  return found;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace bnn::testing
