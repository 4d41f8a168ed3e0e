#include "bnn/layers/upsampling2d.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bnn/core/vector_loop.h"
#include "bnn/layers/read_options.h"

namespace bnn {

std::vector<Upsampling2d::Mix> Upsampling2d::mixes_of(int input, int factor,
                                                      Interpolation interpolation) {
  std::vector<Mix> mixes;
  for (int i = 0; i < input * factor; ++i) {
    if (interpolation == Interpolation::nearest) {
      const auto from = static_cast<std::size_t>(i / factor);
      mixes.push_back({from, from, 0.0f});
      continue;
    }
    const double x = (i + 0.5) / factor - 0.5, floor = std::floor(x);
    const auto inside = [&](double at) {
      return static_cast<std::size_t>(std::clamp(at, 0.0, input - 1.0));
    };
    const Mix mix{inside(floor), inside(floor + 1), static_cast<float>(x - floor)};
    mixes.push_back(mix.low == mix.high ? Mix{mix.low, mix.low, 0.0f} : mix);
  }
  return mixes;
}

Upsampling2d::Upsampling2d(const Upsampling2dSpec& spec, const Shape& input)
    : input_(input),
      output_(with_sides(input, std::int64_t{input.height} * spec.size[0],
                         std::int64_t{input.width} * spec.size[1])),
      rows_(mixes_of(input.height, spec.size[0], spec.interpolation)),
      columns_(mixes_of(input.width, spec.size[1], spec.interpolation)) {}

template <typename Visit>
void Upsampling2d::for_pairs(const Visit& visit) const {
  const auto width = static_cast<std::size_t>(input_.width);
  std::size_t output = 0;
  for (const Mix& row : rows_) {
    for (const Mix& column : columns_) {
      const auto visit_row = [&](std::size_t y, float weight) {
        visit(y * width + column.low, output, weight * (1.0f - column.share));
        if (column.share != 0.0f) visit(y * width + column.high, output, weight * column.share);
      };
      visit_row(row.low, 1.0f - row.share);
      if (row.share != 0.0f) visit_row(row.high, row.share);
      ++output;
    }
  }
}

void Upsampling2d::forward(const ForwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(input_.channels);
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * output_.size();
  std::memset(args.output, 0, size * sizeof(float));
  const float* x = args.inputs[0];
  float* y = args.output;
  for (int b = 0; b < args.pass.examples; ++b, x += input_.size(), y += output_.size()) {
    run_vectorized([=, this]<MultiplyAdd kind>() {
      for_pairs([=](std::size_t from, std::size_t to, float weight) {
        for (std::size_t c = 0; c < channels; ++c) {
          float& out = y[to * channels + c];
          out = multiply_add<kind>(weight, x[from * channels + c], out);
        }
      });
    });
  }
}

void Upsampling2d::backward(const BackwardArgs& args) const {
  float* dx = args.input_gradients[0];
  if (dx == nullptr) return;
  const auto channels = static_cast<std::size_t>(input_.channels);
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * input_.size();
  std::memset(dx, 0, size * sizeof(float));
  const float* dy = args.output_gradient;
  for (int b = 0; b < args.pass.examples; ++b, dx += input_.size(), dy += output_.size()) {
    run_vectorized([=, this]<MultiplyAdd kind>() {
      for_pairs([=](std::size_t to, std::size_t from, float weight) {
        for (std::size_t c = 0; c < channels; ++c) {
          float& out = dx[to * channels + c];
          out = multiply_add<kind>(weight, dy[from * channels + c], out);
        }
      });
    });
  }
}

std::unique_ptr<Layer> Upsampling2dSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Upsampling2d>(*this, arguments.image());
}

Upsampling2dSpec read_upsampling2d(ObjectReader& reader) {
  Upsampling2dSpec spec;
  spec.size = read_pair(reader, "size", 2);
  spec.interpolation =
      reader.choice("interpolation", {"nearest", "bilinear"}, "nearest") == "nearest"
          ? Interpolation::nearest
          : Interpolation::bilinear;
  return spec;
}

}  // namespace bnn
