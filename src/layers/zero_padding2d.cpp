#include "bnn/layers/zero_padding2d.h"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <optional>

#include "bnn/core/json_schema.h"
#include "bnn/layers/read_options.h"

namespace bnn {
namespace {

constexpr std::int64_t kMaxPadding = 1 << 20;

using BeforeAndAfter = std::array<int, 2>;

// Of one axis: a list of two whole numbers.
std::optional<BeforeAndAfter> before_and_after(const Json& list) {
  if (!list.is_array() || list.size() != 2) return std::nullopt;
  BeforeAndAfter result = {};
  for (std::size_t i = 0; i < 2; ++i) {
    if (!list[i].is_number_integer()) return std::nullopt;
    const auto number = list[i].get<double>();
    if (number < 0 || number > static_cast<double>(kMaxPadding)) return std::nullopt;
    result[i] = static_cast<int>(number);
  }
  return result;
}

// Of rows and columns: one number for all sides, one for each axis, or two for each axis.
std::optional<std::array<BeforeAndAfter, 2>> sides_of(const Json& value) {
  const Json axes = value.is_array() ? value : Json(Json::List(2, value));
  if (axes.size() != 2) return std::nullopt;
  std::array<BeforeAndAfter, 2> result = {};
  for (std::size_t i = 0; i < 2; ++i) {
    const Json both = axes[i].is_array() ? axes[i] : Json(Json::List(2, axes[i]));
    const auto sides = before_and_after(both);
    if (!sides || axes[0].is_array() != axes[1].is_array()) return std::nullopt;
    result[i] = *sides;
  }
  return result;
}

Json padding_schema() {
  const auto pair_of = [](const Json& element) {
    Json schema = list_schema(element);
    schema["minItems"] = schema["maxItems"] = 2;
    return schema;
  };
  const Json number = integer_schema({.min = 0, .max = kMaxPadding});
  const Json pair = pair_of(number);
  return with_default(any_of({number, pair, pair_of(pair)}), 1);
}

}  // namespace

ZeroPadding2d::ZeroPadding2d(const ZeroPadding2dSpec& spec, const Shape& input)
    : spec_(spec),
      input_(input),
      output_(with_sides(input, std::int64_t{input.height} + spec.top + spec.bottom,
                         std::int64_t{input.width} + spec.left + spec.right)) {}

template <typename Visit>
void ZeroPadding2d::for_rows(int examples, const Visit& visit) const {
  const auto row = [](const Shape& shape) {
    return static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.channels);
  };
  const std::size_t corner =
      static_cast<std::size_t>(spec_.top) * row(output_) +
      static_cast<std::size_t>(spec_.left) * static_cast<std::size_t>(input_.channels);
  for (std::size_t b = 0; b < static_cast<std::size_t>(examples); ++b) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(input_.height); ++y) {
      visit(b * input_.size() + y * row(input_), b * output_.size() + corner + y * row(output_),
            row(input_));
    }
  }
}

void ZeroPadding2d::forward(const ForwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * output_.size();
  std::memset(args.output, 0, size * sizeof(float));
  for_rows(args.pass.examples, [&](std::size_t from, std::size_t to, std::size_t count) {
    std::memcpy(args.output + to, args.inputs[0] + from, count * sizeof(float));
  });
}

void ZeroPadding2d::backward(const BackwardArgs& args) const {
  float* dx = args.input_gradients[0];
  if (dx == nullptr) return;
  for_rows(args.pass.examples, [&](std::size_t to, std::size_t from, std::size_t count) {
    std::memcpy(dx + to, args.output_gradient + from, count * sizeof(float));
  });
}

std::unique_ptr<Layer> ZeroPadding2dSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<ZeroPadding2d>(*this, arguments.image());
}

ZeroPadding2dSpec read_zero_padding2d(ObjectReader& reader) {
  if (reader.describing()) reader.describe("padding", padding_schema());
  ZeroPadding2dSpec spec;
  const Json& value = reader.raw("padding");
  if (reader.has("padding")) {
    if (const auto sides = sides_of(value)) {
      const auto& [rows, columns] = *sides;
      spec = {rows[0], rows[1], columns[0], columns[1]};
    } else {
      reader.problem("padding",
                     fmt::format("expected a whole number from 0 to {}, [rows, columns] or "
                                 "[[top, bottom], [left, right]], found {}",
                                 kMaxPadding, json_text(value)));
    }
  }
  reader.record("padding", Json::array({Json::array({spec.top, spec.bottom}),
                                        Json::array({spec.left, spec.right})}));
  return spec;
}

}  // namespace bnn
