// Gives the readers of files damaged and forged ones, and says how many they took.
//
//     bnn-proof-corruption checkpoint RUN/checkpoints/last.safetensors --flips 0:80000
//     bnn-proof-corruption calibration CHECKPOINT --forged 0:1000 --seed 3
//     bnn-proof-corruption checkpoint CHECKPOINT --forged 17:18 --write mutant.safetensors
//
// The last line of its output is a JSON object of counts; every finding is a line before it.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "batches.h"
#include "bnn/core/json_reader.h"
#include "bnn/math/blas.h"
#include "subject.h"
#include "tensor_file.h"

namespace bnn::proof {
namespace {

constexpr std::size_t kAppended = 64;  // ways to append, after all ways to cut off

struct Options {
  std::string subject, file, folder = "/dev/shm/bnn-proof-corruption", write;
  std::string flips, cuts, forged;
  std::uint64_t seed = 1, step = 1;
  bool seal = false;
};

Numbers numbers_of(const std::string& range, std::uint64_t step, std::uint64_t all) {
  const std::size_t colon = range.find(':');
  if (range == "all") return {0, all, step};
  return {std::stoull(range.substr(0, colon)), std::stoull(range.substr(colon + 1)), step};
}

std::string flipped(std::string bytes, std::uint64_t bit) {
  bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ 1u << bit % 8);
  return bytes;
}

std::string cut_or_longer(const std::string& bytes, std::uint64_t number, Random random) {
  if (number < bytes.size()) return bytes.substr(0, number);
  const std::size_t more = number - bytes.size();
  if (more == 0) return bytes + bytes;
  std::string tail(more < 9 ? more : random.below(5000) + 1, '\0');
  if (more % 3 == 1) return bytes + tail;
  if (more % 3 == 2) return bytes + "PK\x03\x04" + tail;
  for (char& c : tail) c = static_cast<char>(random.below(256));
  return bytes + tail;
}

std::unique_ptr<Subject> make_subject(const Options& options) {
  std::filesystem::create_directories(options.folder);
  if (options.subject == "checkpoint") return checkpoint_subject(options.file, options.folder);
  if (options.subject == "calibration") return calibration_subject(options.file, options.folder);
  if (options.subject == "features") return features_subject(options.file, options.folder);
  return cache_subject(options.file, options.folder);
}

std::string mutant(const Options& options, const Subject& subject, std::uint64_t number) {
  Random random(options.seed, number);
  if (!options.forged.empty()) return subject.forged(random);
  std::string bytes = options.flips.empty() ? cut_or_longer(subject.good(), number, random)
                                            : flipped(subject.good(), number);
  return options.seal ? subject.sealed_again(bytes) : bytes;
}

std::uint64_t all_of(const Options& options, const Subject& subject) {
  return options.flips.empty() ? subject.good().size() + kAppended : 8 * subject.good().size();
}

int run(const Options& options) {
  prepare_blas(1);
  const std::unique_ptr<Subject> subject = make_subject(options);
  const bool damaged = options.forged.empty();
  const std::string& range = options.flips + options.cuts + options.forged;
  const Numbers numbers = numbers_of(range, options.step, all_of(options, *subject));
  if (!options.write.empty()) {
    write_bytes(options.write, mutant(options, *subject, numbers.first));
  }
  const Counts counts = run_in_batches(numbers, [&](std::uint64_t number) {
    const std::string bytes = mutant(options, *subject, number);
    if (!damaged && bytes == subject->good()) return Verdict{End::accepted};
    return subject->judge(bytes, damaged);
  });
  for (const Finding& finding : counts.findings) {
    fmt::print("{}\n",
               Json({{"number", finding.number}, {"wrong", finding.wrong}}).dump_replacing());
  }
  const Json line = {{"bytes", subject->good().size()}, {"tried", counts.tried},
                     {"found", counts.found},           {"refused", counts.ends[0]},
                     {"accepted", counts.ends[1]},      {"not_finite", counts.ends[2]},
                     {"too_large", counts.ends[3]}};
  fmt::print("{}\n", line.dump());
  std::filesystem::remove_all(options.folder);
  return counts.found == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bnn::proof

int main(int argc, char** argv) {
  bnn::proof::Options options;
  CLI::App app("Gives the readers of files damaged and forged ones");
  app.add_option("subject", options.subject)
      ->required()
      ->check(CLI::IsMember({"checkpoint", "calibration", "features", "cache"}));
  app.add_option("file", options.file, "a checkpoint; for cache: a folder of images")->required();
  auto* how = app.add_option_group("how")->require_option(1);
  how->add_option("--flips", options.flips, "flip these bits, one a file: FIRST:END, or all");
  how->add_option("--cuts", options.cuts, "cut off at these bytes, and beyond them append");
  how->add_option("--forged", options.forged, "change what the file says, with a right digest");
  app.add_option("--seed", options.seed, "of what is forged");
  app.add_option("--step", options.step, "try every STEP-th");
  app.add_option("--folder", options.folder, "for files; removed at the end");
  app.add_option("--write", options.write, "write the first mutant here");
  app.add_flag("--seal", options.seal, "give damaged files a right digest: a control");
  CLI11_PARSE(app, argc, argv);
  try {
    return bnn::proof::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bnn-proof-corruption: error: %s\n", error.what());
    return 2;
  }
}
