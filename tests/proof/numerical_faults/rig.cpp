#include "rig.h"

#include <numeric>
#include <vector>

#include "bnn/core/parse_json.h"

namespace bnn::proof {
namespace {

constexpr Shape kShape = {6, 6, 2};
constexpr int kClasses = 3;

std::vector<std::uint32_t> all_examples() {
  std::vector<std::uint32_t> list(Rig::kExamples);
  std::iota(list.begin(), list.end(), 0u);
  return list;
}

RunConfig config_of(const LayerRow& layer, const TrainingRow& training) {
  const auto marker = [](const std::string& name) {
    return R"({"type":"activation","activation":"linear","name":")" + name + "\"},";
  };
  const std::string text =
      R"({"data":{"format":"cifar","train":"x","standardize":"none"},"model":)"
      R"({"input":{"height":6,"width":6,"channels":2},"layers":[)"
      R"({"type":"conv2d","name":"first","filters":2,"kernel_size":1},)" +
      std::string(layer.is_flat ? R"({"type":"flatten"},{"type":"dense","units":8},)" : "") +
      marker("before") + "{" + layer.layer + "}," + marker("after") +
      R"({"type":"flatten"},{"type":"dense_flipout","name":"logits","units":3},)" +
      R"({"type":"activation","activation":"linear","name":"end"}]},"training":{)" +
      R"("epochs":10,"batch_size":12,"shards":2,"kl":{"weight":0.1},)" + training.training + "}}";
  return read_run_config(parse_json(text, "rig", ErrorKind::config), "rig", ErrorKind::config);
}

Dataset some_data() {
  RawImages images;
  for (std::size_t i = 0; i < Rig::kExamples * kShape.size(); ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(i * 89 % 251));
  }
  for (std::size_t i = 0; i < Rig::kExamples; ++i) {
    images.labels.push_back(static_cast<int>(i) % kClasses);
  }
  const std::vector<std::uint32_t> names = all_examples();
  return Dataset(kShape, kClasses, std::move(images), names);
}

}  // namespace

Rig::Rig(const LayerRow& layer, const TrainingRow& training)
    : config_(config_of(layer, training)),
      graph_(config_.model,
             [this](const LayerSpec& spec, const std::string& variables, const LayerNoise& noise,
                    const std::vector<Shape>& inputs, ParameterLayout& layout) {
               return make_faulty(fault, spec, variables, noise, inputs, layout);
             }),
      likelihood_(make_likelihood(graph_)),
      data_(some_data()),
      standardization_{std::vector<double>(2, 0.0), std::vector<double>(2, 1.0)},
      loader_(data_, all_examples(), standardization_, {}, 5),
      trainer_(graph_, *likelihood_, Targets(data_.labels()), config_.training, loader_, pool_) {}

void Rig::step(std::uint64_t number) { trainer_.step(number, all_examples()); }

std::span<float> Rig::values(AlignedArray& array, const Variable& variable) const {
  return array.span().subspan(variable.slice.offset, variable.slice.size);
}

}  // namespace bnn::proof
