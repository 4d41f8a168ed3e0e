// Which networks bnn-train --init proposes, by what the images are.
#include "bnn/training/starter.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

StarterData images_of(std::size_t images, const Shape& shape, std::size_t classes = 10) {
  StarterData data;
  data.directory = "photos";
  data.data = {{"format", "folder"}, {"train", "."}};
  data.shape = shape;
  data.images = images;
  data.class_counts.assign(classes, images / classes);
  return data;
}

Json proposed(std::size_t images, const Shape& shape) {
  return starter_config(images_of(images, shape)).at("model");
}

int epochs(std::size_t images, const Shape& shape) {
  return starter_config(images_of(images, shape)).at("training").at("epochs").get<int>();
}

TEST_CASE("the option --init proposes a residual network for many small images in colour") {
  const Json model = proposed(50000, {32, 32, 3});
  CHECK(model.at("preset") == "resnet20");
  CHECK(model.at("normalization") == "batch");
  CHECK(model.at("width").get<double>() == 1);
  CHECK(epochs(50000, {32, 32, 3}) == 56);  // 20,000 steps of 128 images
  CHECK(proposed(20000, {64, 64, 3}).at("preset") == "resnet20");
}

TEST_CASE(
    "the option --init proposes a network without normalisation for few, grey or tiny images") {
  for (const auto& [images, shape, preset] :
       {std::tuple{2000, Shape{32, 32, 3}, "small"}, std::tuple{19999, Shape{32, 32, 3}, "small"},
        std::tuple{60000, Shape{28, 28, 1}, "lenet5"}, std::tuple{60000, Shape{64, 64, 1}, "cnn6"},
        std::tuple{60000, Shape{8, 8, 3}, "cnn6"}, std::tuple{60000, Shape{4, 4, 3}, "mlp"}}) {
    CAPTURE(images, to_string(shape));
    const Json model = proposed(static_cast<std::size_t>(images), shape);
    CHECK(model.at("preset") == preset);
    CHECK_FALSE(model.contains("normalization"));
  }
  CHECK(epochs(2000, {32, 32, 3}) == 71);  // 4,000 steps of 32 images
}

TEST_CASE("the option --init makes residual networks as wide as their time allows") {
  const auto width = [](int side) {
    const Json model = proposed(30000, {side, side, 3});
    return model.at("preset") == "resnet18" ? model.at("width").get<double>() : 0.0;
  };
  CHECK(width(96) == 0.25);
  CHECK(width(160) == 0.25);
  CHECK(width(512) == 0);  // not even the narrowest
  CHECK(proposed(20000, {64, 64, 3}).at("width").get<double>() == 0.5);
}

}  // namespace
}  // namespace bnn
