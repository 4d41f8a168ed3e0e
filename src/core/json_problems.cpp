#include <algorithm>
#include <cctype>
#include <numeric>

#include "bnn/core/json_reader.h"
#include "bnn/core/utf8.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxQuoted = 60;
constexpr std::size_t kMaxMessage = 460;  // leaves room for the program's name within 500 bytes

// Cuts text at a character boundary and marks the cut.
std::string shortened(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  return text.substr(0, whole_characters(text, limit)) + "...";
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Levenshtein distance with one row of memory.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string json_text(const Json& value) {
  return shortened(value.dump_replacing(/*ascii=*/true), kMaxQuoted);
}

std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  // A typo changes at most a third of a word; longer words are not worth the quadratic cost.
  if (word.size() > 64) return best;
  std::size_t best_distance = std::max<std::size_t>(word.size() < 4 ? 1 : 2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(lower(std::string(word)), lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

void Problems::add(const std::string& pointer, const std::string& sentence) {
  std::string place = pointer.empty() ? "/" : pointer;
  // The pointer itself, then what lies above it.
  for (std::size_t end = place.size(); end != std::string::npos && end > 0;
       end = place.rfind('/', end - 1)) {
    const auto found = redirections_.find(place.substr(0, end));
    if (found == redirections_.end()) continue;
    place = found->second + place.substr(end);
    break;
  }
  const std::string problem = place + ": " + sentence;
  if (seen_.insert(problem).second) sentences_.push_back(problem);
}

void Problems::redirect(const std::string& from, const std::string& to) {
  redirections_[from] = to;
}

void Problems::raise_if_any(ErrorKind kind) const {
  if (sentences_.empty()) return;
  std::string message = shortened(source_, 200) + ": ";
  for (std::size_t i = 0; i < sentences_.size(); ++i) {
    // A single problem has all the room that there is.
    const std::size_t room = sentences_.size() == 1 ? kMaxMessage - message.size() : 240;
    const std::string next = (i == 0 ? "" : "; ") + shortened(sentences_[i], room);
    if (i > 0 && message.size() + next.size() > kMaxMessage) {
      message += "; and " + std::to_string(sentences_.size() - i) + " more";
      break;
    }
    message += next;
  }
  throw Error(kind, message);
}

}  // namespace bnn
