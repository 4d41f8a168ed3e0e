#include "target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bnn/core/display_text.h"
#include "bnn/core/error.h"
#include "bnn/core/utf8.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kMaxSentence = 500;

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (!character.valid || steers_display(character.code)) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

void judge(const Error& error) {
  require(error.kind() != ErrorKind::internal, error.what());
  require_sentence(error.what());
  for (const std::string& detail : error.details()) require_sentence(detail);
}

}  // namespace

const Target* find_target(std::string_view name) {
  const auto targets = all_targets();
  const auto found = std::find_if(targets.begin(), targets.end(),
                                  [&](const Target& target) { return target.name == name; });
  return found == targets.end() ? nullptr : &*found;
}

void run_target(const Target& target, Bytes input) {
  try {
    target.run(input);
  } catch (const Error& error) {
    judge(error);
  } catch (const std::exception& error) {
    fail(std::string("another exception than Error: ") + error.what());
  } catch (...) {
    fail("another exception than Error");
  }
}

void fail(std::string_view sentence) {
  std::fprintf(stderr, "FOUND: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::abort();
}

void require_sentence(std::string_view text) {
  const std::string shown = printable_line("bnn: error: " + std::string(text));
  require(!text.empty(), "a sentence is empty");
  require(is_printable(shown), "a sentence is not printable");
  require(shown.size() <= kMaxSentence, "a sentence is longer than 500 bytes");
}

Bytes take_field(Bytes& rest, std::uint8_t separator) {
  const auto end = std::find(rest.begin(), rest.end(), separator);
  const auto size = static_cast<std::size_t>(end - rest.begin());
  const Bytes field = rest.first(size);
  rest = rest.subspan(std::min(size + 1, rest.size()));
  return field;
}

}  // namespace bnn::fuzzing
