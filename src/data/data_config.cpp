#include "bnn/data/data_config.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <limits>
#include <set>

#include "bnn/core/json_schema.h"

namespace bnn {
namespace {

constexpr int kMaxLabelBytes = 16;
constexpr int kMaxCropPadding = 1024;
constexpr int kMaxCutout = 65536;
constexpr double kMaxMixup = 100.0;

const VariantRule& format_rule() {
  static const VariantRule rule{.types = list_of(kDataFormatNames), .discriminator = "format"};
  return rule;
}

// The format, or nothing if the config does not name one (which is reported).
std::optional<DataFormat> read_format(ObjectReader& reader) {
  const auto name = reader.type(format_rule());
  if (!name) return std::nullopt;
  std::string lower = reader.raw("format").get<std::string>();
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != *name) return std::nullopt;  // a misspelt one was perhaps meant
  return value_of(kDataFormatNames, *name);
}

// Marks a key as known and reports it if it is set although only another format has it.
void refuse(ObjectReader& reader, const std::string& key, DataFormat needed) {
  if (reader.describing()) return;  // what is not described is not allowed
  reader.raw(key);
  if (reader.has(key)) {
    reader.problem(key, fmt::format("belongs to format \"{}\" only", to_string(needed)));
  }
}

void read_label_place(ObjectReader& reader, DataConfig& config) {
  if (config.format == DataFormat::cifar100) {
    config.fine_labels = reader.choice("label", {"fine", "coarse"}, "fine") == "fine";
  } else {
    refuse(reader, "label", DataFormat::cifar100);
  }
  if (config.format == DataFormat::cifar) {
    config.label_bytes = static_cast<int>(
        reader.integer("label_bytes", {.min = 1, .max = kMaxLabelBytes, .fallback = 1}));
    const int bytes = reader.describing() ? kMaxLabelBytes : config.label_bytes;
    config.label_index = static_cast<int>(
        reader.integer("label_index", {.min = 0, .max = bytes - 1, .fallback = 0}));
  } else {
    refuse(reader, "label_bytes", DataFormat::cifar);
    refuse(reader, "label_index", DataFormat::cifar);
  }
}

// The sub-directories that are the classes, in the order of the labels; null: in that of their
// names.
void read_class_folders(ObjectReader& reader, DataConfig& config) {
  const std::string key = "class_folders";
  if (!has_image_files(config.format)) return refuse(reader, key, DataFormat::folder);
  reader.optional(key, [&] { config.class_folders = reader.texts(key, std::nullopt); });
  std::set<std::string> seen;
  for (const std::string& name : config.class_folders) {
    const bool plain = config.format == DataFormat::csv ||
                       (name.front() != '.' && name.find('/') == std::string::npos);
    if (name.empty() || !plain)
      reader.problem(key, "expected names of folders, found " + json_text(Json(name)));
    if (!seen.insert(name).second) reader.problem(key, "names " + json_text(Json(name)) + " twice");
  }
  if (!reader.describing()) return;
  const char* pattern = config.format == DataFormat::csv ? "." : "^[^./][^/]*$";
  Json list = list_schema({{"type", "string"}, {"pattern", pattern}});
  list["uniqueItems"] = true;
  reader.describe(key, with_default(or_null(any_of({list["items"], list})), nullptr));
}

void read_csv_columns(ObjectReader& reader, DataConfig& config) {
  const struct {
    const char* key;
    std::string& value;
  } columns[] = {{"file_column", config.csv.file},
                 {"label_column", config.csv.label},
                 {"file_suffix", config.csv.suffix}};
  for (const auto& [key, value] : columns) {
    if (config.format == DataFormat::csv) {
      value = reader.text(key, "");
    } else {
      refuse(reader, key, DataFormat::csv);
    }
  }
}

void check_file_name(ObjectReader& reader, const std::string& key, const std::string& name) {
  const bool usable = !name.empty() && name != "-" && name.find('\0') == std::string::npos;
  if (!usable) reader.problem(key, "expected the name of a file, found " + json_text(Json(name)));
}

// What check_file_name accepts.
Json file_name_schema() {
  return {{"type", "string"}, {"minLength", 1}, {"not", {{"const", "-"}}}};
}

std::string read_file_name(ObjectReader& pair, const std::string& key) {
  const std::string name = pair.text(key, std::nullopt);
  if (pair.raw(key).is_string()) check_file_name(pair, key, name);
  if (pair.describing()) pair.describe(key, file_name_schema(), true);
  return name;
}

FileSet read_pair(ObjectReader& pair) {
  FileSet set;
  set.images = read_file_name(pair, "images");
  set.labels = read_file_name(pair, "labels");
  return set;
}

FileSet read_list(ObjectReader& reader, const std::string& key) {
  FileSet set;
  set.files = reader.texts(key, std::nullopt);
  for (const std::string& name : set.files) check_file_name(reader, key, name);
  std::set<std::string> seen;
  for (const std::string& name : set.files) {
    if (!seen.insert(name).second) reader.problem(key, "names " + json_text(Json(name)) + " twice");
  }
  return set;
}

FileSet read_files(ObjectReader& reader, const std::string& key, DataFormat format) {
  FileSet set;
  const Json& value = reader.raw(key);
  if (value.is_null()) {
    reader.record(key, nullptr);
  } else if (format != DataFormat::idx) {
    set = read_list(reader, key);
  } else if (value.is_object()) {
    reader.object(key, [&](ObjectReader& pair) { set = read_pair(pair); });
  } else {
    reader.problem(key,
                   "format \"idx\" expects {\"images\": \"...\", \"labels\": \"...\"}, found " +
                       json_text(value));
  }
  return set;
}

void describe_files(ObjectReader& reader, DataFormat format) {
  Json list = list_schema(file_name_schema());
  list["uniqueItems"] = true;
  const Json files = format == DataFormat::idx
                         ? describe_object([](ObjectReader& pair) { read_pair(pair); })
                         : any_of({file_name_schema(), list});
  const Json schema = with_default(or_null(files), nullptr);
  for (const char* key : {"train", "test"}) reader.describe(key, schema);
}

void read_class_names(ObjectReader& reader, DataConfig& config) {
  const std::string key = "class_names";
  const Json& value = reader.raw(key);
  if (reader.describing()) {
    const Json names = list_schema({{"type", "string"}, {"minLength", 1}});
    reader.describe(key, with_default(or_null(any_of({names, file_name_schema()})), nullptr));
  }
  if (value.is_null()) {
    reader.record(key, nullptr);
  } else if (value.is_string()) {
    config.class_names_file = reader.text(key, std::nullopt);
    check_file_name(reader, key, config.class_names_file);
  } else {
    config.class_names = reader.texts(key, std::nullopt);
    if (std::count(config.class_names.begin(), config.class_names.end(), "") > 0) {
      reader.problem(key, "a class name is empty");
    }
  }
}

void read_validation(ObjectReader& reader, DataConfig& config) {
  const std::string key = "validation";
  const Json& value = reader.raw(key);
  const IntegerRule count{
      .min = 0, .max = std::numeric_limits<std::uint32_t>::max(), .fallback = 0};
  if (!reader.has(key) || value.is_number_integer()) {
    config.validation_examples = reader.integer(key, count);
    if (!reader.describing()) return;
    const Json fraction = {{"type", "number"}, {"minimum", 0}, {"exclusiveMaximum", 1}};
    reader.describe(key,
                    with_default(any_of({integer_schema({count.min, count.max}), fraction}), 0));
    return;
  }
  reader.record(key, value);
  const bool fraction = value.is_number() && value.get<double>() >= 0 && value.get<double>() < 1;
  if (fraction) {
    config.validation_fraction = value.get<double>();
  } else {
    reader.problem(
        key, "expected a number of examples or a fraction below 1, found " + json_text(value));
  }
}

void read_standardization(ObjectReader& numbers, Standardization& result) {
  // Far outside these limits the standardised pixels would leave the range of a float.
  result.mean = numbers.reals("mean", {.min = -1e6, .max = 1e6});
  result.std = numbers.reals("std", {.min = 1e-6, .max = 1e6});
}

void read_standardize(ObjectReader& reader, DataConfig& config) {
  const std::string key = "standardize";
  const std::vector<std::string> modes = {"channel", "none"};
  const Json& value = reader.raw(key);
  const auto read_numbers = [&](ObjectReader& numbers) {
    read_standardization(numbers, config.standardization);
    const Json& mean = numbers.raw("mean");
    const Json& std = numbers.raw("std");
    if (mean.is_array() && std.is_array() && mean.size() != std.size()) {
      reader.problem(key,
                     fmt::format("expected as many means as standard deviations, found {} and {}",
                                 mean.size(), std.size()));
    }
  };
  if (reader.describing()) {
    reader.describe(
        key,
        with_default(any_of({choice_schema(modes, std::nullopt), describe_object(read_numbers)}),
                     "channel"));
  } else if (value.is_object()) {
    config.standardize = StandardizeMode::given;
    reader.object(key, read_numbers);
  } else {
    // An object is the third possibility, which choice() cannot know of.
    const bool none = reader.choice(key, modes, "channel") == "none";
    config.standardize = none ? StandardizeMode::none : StandardizeMode::channel;
  }
}

// The keys that configs did not have from the beginning.
void read_more_augment(ObjectReader& augment, Augmentation& augmentation) {
  const auto up_to = [&](const char* key, double max) {
    return augment.real(key, {.min = 0.0, .max = max, .fallback = 0.0});
  };
  augmentation.flip_vertical = augment.boolean("flip_vertical", false);
  augmentation.rotation = up_to("rotation", 180.0);
  augmentation.color.brightness = up_to("brightness", 1.0);
  augmentation.color.contrast = up_to("contrast", 1.0);
  augmentation.color.saturation = up_to("saturation", 1.0);
  augmentation.cutout =
      static_cast<int>(augment.integer("cutout", {.min = 0, .max = kMaxCutout, .fallback = 0}));
  augmentation.mixup = up_to("mixup", kMaxMixup);
}

void read_augment(ObjectReader& augment, DataConfig& config) {
  config.augmentation.flip_horizontal = augment.boolean("flip_horizontal", false);
  config.augmentation.crop_padding = static_cast<int>(
      augment.integer("crop_padding", {.min = 0, .max = kMaxCropPadding, .fallback = 0}));
  read_more_augment(augment, config.augmentation);
}

// What these keys may hold depends on the format: without one there is nothing to check.
void skip_format_keys(ObjectReader& reader) {
  for (const char* key : {"label", "label_bytes", "label_index", "class_folders", "file_column",
                          "label_column", "file_suffix", "train", "test"})
    reader.raw(key);
}

}  // namespace

std::string to_string(DataFormat format) { return name_of(kDataFormatNames, format); }

int format_classes(const DataConfig& config) {
  if (config.format == DataFormat::cifar10) return 10;
  if (config.format == DataFormat::cifar100) return config.fine_labels ? 100 : 20;
  return 0;
}

Json to_json(const Standardization& standardization) {
  return Json{{"mean", standardization.mean}, {"std", standardization.std}};
}

DataConfig read_data_config(ObjectReader& reader) {
  DataConfig config;
  if (reader.describing() && !reader.has("format")) {
    // One description for each format, by this same function.
    reader.describe_whole(variant_schema(
        format_rule(), [](ObjectReader& r, const std::string&) { read_data_config(r); }));
    return config;
  }
  if (const auto format = read_format(reader)) {
    config.format = *format;
    read_label_place(reader, config);
    read_class_folders(reader, config);
    read_csv_columns(reader, config);
    config.train = read_files(reader, "train", *format);
    config.test = read_files(reader, "test", *format);
    if (reader.describing()) describe_files(reader, *format);
  } else {
    skip_format_keys(reader);
  }
  config.resize = reader.enumerator("resize", kResizeModeNames, config.resize);
  config.directory = reader.text("directory", "");
  read_class_names(reader, config);
  read_validation(reader, config);
  config.validation_split =
      reader.enumerator("validation_split", kValidationSplitNames, config.validation_split);
  read_standardize(reader, config);
  reader.object("augment", [&](ObjectReader& augment) { read_augment(augment, config); });
  reader.finish();
  return config;
}

}  // namespace bnn
