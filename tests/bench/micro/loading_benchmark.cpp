// From bytes to batches: reading a CIFAR-10 file, and the pixels of a batch with and without
// augmentation. Images of a batch are far apart in memory, as in a shuffled epoch.

#include <cstdint>
#include <fstream>
#include <vector>

#include "benchmarks.h"
#include "bnn/data/load_dataset.h"
#include "bnn/data/training_loader.h"
#include "support/temporary_directory.h"
#include "workload.h"

namespace bnn {
namespace {

constexpr std::size_t kRecords = 10000;   // of a file of CIFAR-10
constexpr std::size_t kExamples = 20000;  // 61 MB: more than the caches hold
constexpr std::size_t kBatch = 128;
constexpr std::size_t kRecordBytes = 3073;
const Standardization kPixels{{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}};

using Chosen = std::span<const std::uint32_t>;

ByteArray random_bytes(std::size_t size) {
  ByteArray bytes(size);
  std::uint32_t state = 1;  // a linear congruential generator is random enough for pixels
  for (std::uint8_t& byte : bytes) {
    state = 1664525u * state + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

Dataset random_dataset() {
  constexpr Shape kShape{32, 32, 3};
  return Dataset(kShape, 10,
                 {random_bytes(kExamples * kShape.size()), std::vector<int>(kExamples, 1)},
                 {{"random", kExamples}});
}

std::vector<std::uint32_t> all_examples() {
  std::vector<std::uint32_t> examples(kExamples);
  for (std::uint32_t i = 0; i < kExamples; ++i) examples[i] = i;
  return examples;
}

enum class Filling { plain, augmentation_off, augmented };

// Visits one batch after the other of a shuffled epoch.
void measure_batches(benchmark::State& state, Filling filling) {
  const Dataset data = random_dataset();
  const bool plain = filling == Filling::plain;
  const Augmentation augmentation =
      filling == Filling::augmented ? Augmentation{true, 4} : Augmentation{};
  const TrainingLoader loader(data, all_examples(), kPixels, augmentation, 1);
  const Standardizer standardizer(kPixels);
  const std::vector<std::uint32_t> order = loader.epoch_order(0);
  AlignedArray images(kBatch * data.shape().size());
  std::uint32_t step = 0;
  for (auto _ : state) {
    const std::size_t first = kBatch * (++step % (kExamples / kBatch));
    const Chosen chosen = std::span(order).subspan(first, kBatch);
    if (plain) {
      standardizer.fill(data, chosen, images.data());
    } else {
      loader.fill_augmented(chosen, step, images.data());
    }
    benchmark::ClobberMemory();
  }
  count_items(state, kBatch);
  count_bytes(state, (1 + sizeof(float)) * kBatch * data.shape().size());
}

void measure_file(benchmark::State& state) {
  const testing::TemporaryDirectory directory;
  ByteArray bytes = random_bytes(kRecords * kRecordBytes);
  for (std::size_t i = 0; i < bytes.size(); i += kRecordBytes) bytes[i] %= 10;
  std::ofstream(directory.file("a.bin"), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const FileSet files{.files = {"a.bin"}, .images = "", .labels = ""};
  for (auto _ : state) {
    benchmark::DoNotOptimize(load_dataset({}, files, directory.path(), {32, 32, 3}, 10).size());
  }
  count_items(state, kRecords);
  count_bytes(state, bytes.size());
}

}  // namespace

void register_loading_benchmarks() {
  add_benchmark("load_dataset/cifar10", measure_file);
  add_benchmark("fill/32x32x3",
                [](benchmark::State& state) { measure_batches(state, Filling::plain); });
  add_benchmark("fill_augmented/32x32x3_off",
                [](benchmark::State& state) { measure_batches(state, Filling::augmentation_off); });
  add_benchmark("fill_augmented/32x32x3_flip_crop",
                [](benchmark::State& state) { measure_batches(state, Filling::augmented); });
}

}  // namespace bnn
