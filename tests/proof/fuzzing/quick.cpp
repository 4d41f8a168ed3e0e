// A plain program around the targets, for machines without clang: it runs the files of a corpus
// and mutations of them, always the same ones.
//
//     bnn-fuzz-quick TARGET CORPUS MUTATIONS SEED LAST
//
// The input at hand is in the file LAST, which survives a crash. Five seconds of one are a hang.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <unistd.h>

#include "target.h"

namespace {

using namespace bnn::fuzzing;
using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMostBytes = std::size_t{1} << 16;
constexpr unsigned kSeconds = 5;

std::vector<Input> corpus_of(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<Input>& corpus, unsigned seed) : corpus_(corpus), numbers_(seed) {}

  Input next() {
    Input input = corpus_[below(corpus_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input);
    if (input.size() > kMostBytes) input.resize(kMostBytes);
    return input;
  }
  bool one_of(std::size_t count) { return below(count) == 0; }

 private:
  std::size_t below(std::size_t count) { return count == 0 ? 0 : numbers_() % count; }
  std::ptrdiff_t place(const Input& input) {
    return static_cast<std::ptrdiff_t>(below(input.size() + 1));
  }

  void change(Input& input) {
    constexpr std::uint8_t kOdd[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF, '"', '-', '9'};
    const auto at = input.begin() + place(input);
    switch (below(6)) {
      case 0:
        if (at != input.end()) *at ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:
        if (at != input.end()) *at = kOdd[below(std::size(kOdd))];
        break;
      case 2:
        input.erase(at, at + static_cast<std::ptrdiff_t>(
                                 below(std::min<std::size_t>(16, input.end() - at) + 1)));
        break;
      case 3:
        input.insert(at, kOdd[below(std::size(kOdd))]);
        break;
      case 4:
        input.resize(static_cast<std::size_t>(at - input.begin()));
        break;
      default:
        splice(input, at);
    }
  }

  // Bytes of another input.
  void splice(Input& input, Input::iterator at) {
    const Input& other = corpus_[below(corpus_.size())];
    const auto first = other.begin() + place(other);
    const auto size = static_cast<std::ptrdiff_t>(
        below(std::min<std::size_t>(64, static_cast<std::size_t>(other.end() - first)) + 1));
    input.insert(at, first, first + size);
  }

  const std::vector<Input>& corpus_;
  std::mt19937 numbers_;
};

void run(const Target& target, const Input& input, const char* last) {
  std::ofstream(last, std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()),
             static_cast<std::streamsize>(input.size()));
  alarm(kSeconds);
  run_target(target, input);
  alarm(0);
}

}  // namespace

int main(int count, char** words) {
  constexpr int kWords = 6;
  const Target* target = count == kWords ? find_target(words[1]) : nullptr;
  if (target == nullptr) {
    std::fprintf(stderr, "usage: bnn-fuzz-quick TARGET CORPUS MUTATIONS SEED LAST\n");
    return 2;
  }
  const std::vector<Input> corpus = corpus_of(words[2]);
  for (const Input& input : corpus) run(*target, input, words[5]);
  Mutator mutator(corpus, static_cast<unsigned>(std::atoi(words[4])));
  const int mutations = corpus.empty() ? 0 : std::atoi(words[3]);
  for (int i = 0; i < mutations; ++i) {
    Input input = mutator.next();
    if (target->mend != nullptr && !mutator.one_of(8)) target->mend(input);
    run(*target, input, words[5]);
  }
  std::printf("%zu\n", corpus.size() + static_cast<std::size_t>(mutations));
  return 0;
}
