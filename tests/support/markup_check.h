#pragma once
// What a reader of a page relies on: its tags are balanced and its figures have words.

#include <string>
#include <vector>

namespace bnn::testing {

/// What is wrong with the tags of a page: those that are not closed or close nothing, and
/// attributes without double quotes. An empty list for a page whose elements all close.
std::vector<std::string> tag_faults(const std::string& html);

/// The contents of all elements <name …>…</name>, tags inside included. Elements that hold
/// elements of their own name are not found whole.
std::vector<std::string> elements(const std::string& html, const std::string& name);

/// How often `part` occurs.
std::size_t occurrences(const std::string& text, const std::string& part);

}  // namespace bnn::testing
