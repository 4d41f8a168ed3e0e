#include "bnn/data/data_config.h"

#include <catch2/catch.hpp>

#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

using Names = std::vector<std::string>;

struct Reading {
  DataConfig config;
  Json resolved;
};

Reading read(const std::string& text) {
  const Json document = parse_json(text, "test.json", ErrorKind::config);
  Problems problems("test.json");
  ObjectReader reader(document, "/data", problems);
  Reading reading;
  reading.config = read_data_config(reader);
  problems.raise_if_any(ErrorKind::config);
  reading.resolved = reader.resolved();
  return reading;
}

std::string problem(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "";
}

using Catch::Matchers::Contains;

TEST_CASE("a data config has documented defaults") {
  const DataConfig config = read(R"({"format": "cifar10"})").config;
  CHECK(config.format == DataFormat::cifar10);
  CHECK(config.train.empty());
  CHECK(config.test.empty());
  CHECK(config.directory.empty());
  CHECK(config.class_names.empty());
  CHECK(config.class_names_file.empty());
  CHECK(config.validation_examples == 0);
  CHECK(config.validation_fraction == 0.0);
  CHECK(config.standardize == StandardizeMode::channel);
  CHECK_FALSE(config.augmentation.flip_horizontal);
  CHECK(config.augmentation.crop_padding == 0);
}

TEST_CASE("a data config reads every key") {
  const DataConfig config = read(R"({
    "format": "cifar", "label_bytes": 3, "label_index": 2, "directory": "d",
    "train": ["a", "../b", "/c"], "test": "t", "class_names": ["x", "y"], "validation": 0.25,
    "standardize": {"mean": [0.5, 0.25], "std": [1, 2]},
    "augment": {"flip_horizontal": true, "crop_padding": 4, "flip_vertical": true, "rotation": 15,
                "brightness": 0.2, "contrast": 0.3, "saturation": 0.4, "cutout": 8,
                "mixup": 0.5}})")
                                .config;
  CHECK(config.format == DataFormat::cifar);
  CHECK(config.label_bytes == 3);
  CHECK(config.label_index == 2);
  CHECK(config.directory == "d");
  CHECK(config.train.files == Names{"a", "../b", "/c"});
  CHECK(config.test.files == Names{"t"});
  CHECK(config.class_names == Names{"x", "y"});
  CHECK(config.validation_fraction == 0.25);
  CHECK(config.validation_examples == 0);
  CHECK(config.standardize == StandardizeMode::given);
  CHECK(config.standardization.mean == std::vector<double>{0.5, 0.25});
  CHECK(config.standardization.std == std::vector<double>{1, 2});
  CHECK(config.augmentation.flip_horizontal);
  CHECK(config.augmentation.crop_padding == 4);
  CHECK(config.augmentation.flip_vertical);
  CHECK(config.augmentation.rotation == 15);
  CHECK(config.augmentation.color.brightness == 0.2);
  CHECK(config.augmentation.color.contrast == 0.3);
  CHECK(config.augmentation.color.saturation == 0.4);
  CHECK(config.augmentation.cutout == 8);
  CHECK(config.augmentation.mixup == 0.5);
}

TEST_CASE("a data config reads the other spellings") {
  CHECK(read(R"({"format": "cifar100"})").config.fine_labels);
  CHECK_FALSE(read(R"({"format": "cifar100", "label": "coarse"})").config.fine_labels);
  CHECK(read(R"({"format": "cifar10", "validation": 5000})").config.validation_examples == 5000);
  CHECK(read(R"({"format": "cifar10", "class_names": "n.txt"})").config.class_names_file ==
        "n.txt");
  const DataConfig folder =
      read(R"({"format": "folder", "train": "t", "class_folders": ["b", "a"]})").config;
  CHECK(folder.format == DataFormat::folder);
  CHECK(folder.train.files == Names{"t"});
  CHECK(folder.class_folders == Names{"b", "a"});
  CHECK(read(R"({"format": "cifar10", "standardize": "none"})").config.standardize ==
        StandardizeMode::none);
  const DataConfig idx =
      read(R"({"format": "idx", "train": {"images": "i.gz", "labels": "l.gz"}})").config;
  CHECK(idx.format == DataFormat::idx);
  CHECK(idx.train.images == "i.gz");
  CHECK(idx.train.labels == "l.gz");
  CHECK_FALSE(idx.train.empty());
}

TEST_CASE("a resolved data config is complete and reads back as itself") {
  const std::string full = read(R"({"format": "cifar10"})").resolved.dump();
  CHECK(full == R"({"format":"cifar10","train":null,"test":null,"resize":"stretch","directory":"",)"
                R"("class_names":null,)"
                R"("validation":0,"validation_split":"stratified","standardize":"channel",)"
                R"("augment":{"flip_horizontal":false,"crop_padding":0,"flip_vertical":false,)"
                R"("rotation":0.0,"brightness":0.0,"contrast":0.0,"saturation":0.0,"cutout":0,)"
                R"("mixup":0.0}})");
  for (const char* text :
       {R"({"format": "cifar10"})", R"({"format": "cifar100", "train": "a"})",
        R"({"format": "cifar", "label_bytes": 2, "train": ["a", "b"], "validation": 0.1})",
        R"({"format": "idx", "test": {"images": "i", "labels": "l"}, "class_names": ["p"],
            "standardize": {"mean": [0.1], "std": [0.3]}})"}) {
    const Json once = read(text).resolved;
    CHECK(read(once.dump()).resolved == once);
  }
}

TEST_CASE("measured numbers are written as the config spells them") {
  CHECK(to_json(Standardization{{0.5, 0.25}, {1.5, 2.0}}).dump() ==
        R"({"mean":[0.5,0.25],"std":[1.5,2.0]})");
}

TEST_CASE("a wrong data config names the key") {
  CHECK_THAT(problem(R"({})"), Contains("/data/format: missing"));
  CHECK_THAT(
      problem(R"({"format": "cifar-10", "train": {"images": "a"}})"),
      Contains("/data/format") && Contains("did you mean \"cifar10\"") && !Contains("/data/train"));
  CHECK_THAT(problem(R"({"format": "cifar10", "trains": []})"),
             Contains("/data/trains: unknown key (did you mean \"train\"?)"));
  CHECK_THAT(problem(R"({"format": "cifar10", "label": "fine"})"),
             Contains("/data/label: belongs to format \"cifar100\" only"));
  CHECK_THAT(problem(R"({"format": "idx", "label_bytes": 1})"),
             Contains("/data/label_bytes: belongs to format \"cifar\" only"));
  CHECK_THAT(problem(R"({"format": "idx", "class_folders": ["a"]})"),
             Contains("/data/class_folders: belongs to format \"folder\" only"));
  CHECK_THAT(problem(R"({"format": "folder", "class_folders": ["a", "../b"]})"),
             Contains("/data/class_folders: expected names of folders"));
  CHECK_THAT(problem(R"({"format": "folder", "class_folders": ["a", "a"]})"),
             Contains("/data/class_folders: names \"a\" twice"));
  CHECK_THAT(problem(R"({"format": "cifar", "label_bytes": 17})"), Contains("/data/label_bytes"));
  CHECK_THAT(problem(R"({"format": "cifar", "label_bytes": 2, "label_index": 2})"),
             Contains("/data/label_index: expected an integer from 0 to 1, found 2"));
  CHECK_THAT(problem(R"({"format": "cifar10", "augment": {"flip": true}})"),
             Contains("/data/augment/flip: unknown key"));
  CHECK_THAT(problem(R"({"format": "cifar10", "augment": {"crop_padding": -1}})"),
             Contains("/data/augment/crop_padding"));
  CHECK_THAT(
      problem(R"({"format": "cifar10", "augment": {"rotation": 181, "contrast": 1.5,
                        "cutout": 2.5, "mixup": -0.1, "flip_vertical": 1}})"),
      Contains("/data/augment/rotation: expected a number of at least 0.0 and at most 180.0") &&
          Contains("/data/augment/contrast") && Contains("/data/augment/cutout") &&
          Contains("/data/augment/mixup") && Contains("/data/augment/flip_vertical"));
}

TEST_CASE("wrong file names in a data config are reported") {
  CHECK_THAT(problem(R"({"format": "idx", "train": ["a", "b"]})"),
             Contains("/data/train: format \"idx\" expects {\"images\""));
  CHECK_THAT(problem(R"({"format": "idx", "train": {"images": "a"}})"),
             Contains("/data/train/labels: missing"));
  CHECK_THAT(problem(R"({"format": "idx", "train": {"images": "", "labels": "l"}})"),
             Contains("/data/train/images: expected the name of a file"));
  CHECK_THAT(problem(R"({"format": "idx", "train": {"images": "i", "labels": "l", "label": "m"}})"),
             Contains("/data/train/label: unknown key (did you mean \"labels\"?)"));
  CHECK_THAT(problem(R"({"format": "cifar10", "train": {"images": "a"}})"),
             Contains("/data/train"));
  CHECK_THAT(problem(R"({"format": "cifar10", "test": ["a", ""]})"), Contains("/data/test"));
  CHECK_THAT(problem(R"({"format": "cifar10", "test": ["-"]})"), Contains("/data/test"));
  CHECK_THAT(problem(R"({"format": "cifar10", "test": "a\u0000b"})"), Contains("/data/test"));
  CHECK_THAT(problem(R"({"format": "cifar10", "train": ["a", "b", "a"]})"),
             Contains("/data/train: names \"a\" twice"));
  CHECK_THAT(problem(R"({"format": "cifar10", "class_names": ["a", ""]})"),
             Contains("/data/class_names"));
  CHECK_THAT(problem(R"({"format": "cifar10", "class_names": [1]})"),
             Contains("/data/class_names"));
}

TEST_CASE("validation is a whole number or a fraction below one") {
  for (const char* value : {"-1", "1.0", "1.5", "-0.1", "true", "\"10\"", "null", "4294967296"}) {
    INFO(value);
    CHECK_THAT(problem(R"({"format": "cifar10", "validation": )" + std::string(value) + "}"),
               Contains("/data/validation: expected"));
  }
  CHECK(problem(R"({"format": "cifar10", "validation": 0.0})").empty());
}

TEST_CASE("given standardisation numbers must be usable") {
  const auto with = [](const std::string& value) {
    return problem(R"({"format": "cifar10", "standardize": )" + value + "}");
  };
  CHECK_THAT(with(R"("chanel")"), Contains("did you mean \"channel\""));
  CHECK_THAT(with(R"({"mean": [0.5]})"), Contains("/data/standardize/std: missing"));
  CHECK_THAT(with(R"({"mean": [0.5], "std": [0]})"), Contains("/data/standardize/std"));
  CHECK_THAT(with(R"({"mean": [0.5], "std": [-1]})"), Contains("/data/standardize/std"));
  CHECK_THAT(with(R"({"mean": [1e300], "std": [1]})"), Contains("/data/standardize/mean"));
  CHECK_THAT(with(R"({"mean": [0.5, 0.5], "std": [1]})"),
             Contains("as many means as standard deviations, found 2 and 1"));
}

}  // namespace
}  // namespace bnn
