#include "bnn/data/training_loader.h"

#include <utility>

#include "bnn/core/random.h"
#include "bnn/data/class_balance.h"
#include "bnn/data/shuffle.h"

namespace bnn {

namespace {

// The examples of which a partner is drawn: first one of the lists, then one of its members.
std::vector<std::vector<std::uint32_t>> partner_lists(const Dataset& data,
                                                      const std::vector<std::uint32_t>& examples,
                                                      Sampling sampling) {
  if (sampling == Sampling::shuffle) return {examples};
  return examples_by_class(data.labels(), examples, data.classes());
}

}  // namespace

TrainingLoader::TrainingLoader(const Dataset& data, std::vector<std::uint32_t> examples,
                               const Standardization& standardization,
                               const Augmentation& augmentation, std::uint64_t seed,
                               Sampling sampling)
    : data_(data),
      examples_(std::move(examples)),
      augmenter_(data.shape(), standardization, augmentation, seed),
      augmentation_(augmentation),
      seed_(seed),
      sampling_(sampling) {
  if (mixes()) partners_ = partner_lists(data, examples_, sampling);
}

std::vector<std::uint32_t> TrainingLoader::epoch_order(std::uint32_t epoch) const {
  std::vector<std::uint32_t> order =
      sampling_ == Sampling::shuffle
          ? examples_
          : balanced_sample(data_.labels(), examples_, data_.classes(), seed_, epoch);
  shuffle(order, Stream{.seed = seed_, .site = Site::shuffle, .step = epoch});
  return order;
}

Mixture TrainingLoader::mixture(std::uint32_t step, std::uint32_t example) const {
  const Stream partner = augmentation_stream(AugmentationUse::partner, seed_, step, example);
  const auto lists = static_cast<std::uint32_t>(partners_.size());
  const std::vector<std::uint32_t>& list = partners_[random_below(partner, 0, lists)];
  const auto members = static_cast<std::uint32_t>(list.size());
  return {list[random_below(partner, 1, members)],
          mixture_share(augmentation_stream(AugmentationUse::share, seed_, step, example),
                        augmentation_.mixup)};
}

void TrainingLoader::fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step,
                                    float* images) const {
  const std::size_t size = data_.shape().size();
  std::vector<float> scratch(augmenter_.scratch_size());
  std::vector<float> other(mixes() ? size : 0);
  for (const std::uint32_t example : chosen) {
    fill_one(example, step, scratch, images);
    if (mixes()) {
      const Mixture mixed = mixture(step, example);
      fill_one(mixed.partner, step, scratch, other.data());
      for (std::size_t i = 0; i < size; ++i) {
        images[i] = mixed.share * images[i] + (1.0f - mixed.share) * other[i];
      }
    }
    images += size;
  }
}

void TrainingLoader::fill_one(std::uint32_t example, std::uint32_t step, std::span<float> scratch,
                              float* image) const {
  augmenter_.fill(data_.image(example).data(), step, example, scratch, image);
}

}  // namespace bnn
