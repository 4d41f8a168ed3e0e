#include "bnn/exchange/agreement.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace bnn {
namespace {

constexpr char kEnd = '\0';  // of each part of a message: no sentence has it

// The kind's number, the place, the sentence and the details; "" for no failure.
std::string message_of(const Error& error, const std::string& place) {
  std::string text =
      std::to_string(static_cast<int>(error.kind())) + kEnd + place + kEnd + error.what() + kEnd;
  for (const std::string& detail : error.details()) text += detail + kEnd;
  return text;
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(kEnd, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

[[noreturn]] void fail(const std::string& message, bool names_place) {
  const std::vector<std::string> parts = parts_of(message);
  const auto kind = static_cast<ErrorKind>(std::stoi(parts[0]));
  throw AgreedError(kind, names_place ? parts[1] + ": " + parts[2] : parts[2],
                    {parts.begin() + 3, parts.end()});
}

}  // namespace

void together(Exchange& exchange, const std::function<void()>& work) {
  if (exchange.is_alone()) return work();
  std::string failure;
  try {
    work();
  } catch (const Error& error) {
    failure = message_of(error, exchange.place());
  }
  const std::vector<std::string> failures = exchange.gather_texts(failure);
  const auto first = std::find_if(failures.begin(), failures.end(),
                                  [](const std::string& text) { return !text.empty(); });
  if (first != failures.end()) fail(*first, first != failures.begin());
}

void first_alone(Exchange& exchange, const std::function<void()>& work) {
  together(exchange, [&] {
    if (exchange.is_first()) work();
  });
}

void require_same(Exchange& exchange, std::span<const SharedFact> facts) {
  if (exchange.is_alone()) return;
  std::string text = exchange.place() + kEnd;
  for (const SharedFact& fact : facts) text += fact.value + kEnd;
  const std::vector<std::string> texts = exchange.gather_texts(text);
  const std::vector<std::string> expected = parts_of(texts[0]);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    for (const std::string& other : texts) {
      const std::vector<std::string> found = parts_of(other);
      if (found[i + 1] == expected[i + 1]) continue;
      throw AgreedError(
          ErrorKind::config,
          fmt::format("{} must be the same in all processes: found {} on {}, and {} on {}",
                      facts[i].name, expected[i + 1], expected[0], found[i + 1], found[0]));
    }
  }
}

}  // namespace bnn
