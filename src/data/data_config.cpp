#include "bnn/data/data_config.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>

namespace bnn {
namespace {

constexpr int kMaxLabelBytes = 16;
constexpr int kMaxCropPadding = 1024;

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = {"cifar10", "cifar100", "cifar", "idx"};
  return names;
}

// The format, or nothing if the config does not name one (which is reported).
std::optional<DataFormat> read_format(ObjectReader& reader) {
  const std::string name = reader.choice("format", format_names(), std::nullopt);
  const Json& written = reader.raw("format");
  if (!written.is_string()) return std::nullopt;
  std::string lower = written.get<std::string>();
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != name) return std::nullopt;
  const auto place = std::find(format_names().begin(), format_names().end(), name);
  return static_cast<DataFormat>(place - format_names().begin());
}

// Marks a key as known and reports it if it is set although `format` has no use for it.
void refuse(ObjectReader& reader, const std::string& key, DataFormat needed) {
  reader.raw(key);
  if (reader.has(key)) {
    reader.problem(key, "belongs to format \"" + to_string(needed) + "\" only");
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
    config.label_index = static_cast<int>(
        reader.integer("label_index", {.min = 0, .max = config.label_bytes - 1, .fallback = 0}));
  } else {
    refuse(reader, "label_bytes", DataFormat::cifar);
    refuse(reader, "label_index", DataFormat::cifar);
  }
}

void check_file_name(ObjectReader& reader, const std::string& key, const std::string& name) {
  const bool usable = !name.empty() && name != "-" && name.find('\0') == std::string::npos;
  if (!usable) reader.problem(key, "expected the name of a file, found " + json_text(Json(name)));
}

FileSet read_pair(ObjectReader& reader, const std::string& key) {
  const Json& value = reader.raw(key);
  if (!value.is_object()) {
    reader.problem(key,
                   "format \"idx\" expects {\"images\": \"...\", \"labels\": \"...\"}, found " +
                       json_text(value));
    return {};
  }
  ObjectReader pair = reader.object(key);
  FileSet set;
  set.images = pair.text("images", std::nullopt);
  set.labels = pair.text("labels", std::nullopt);
  if (pair.raw("images").is_string()) check_file_name(pair, "images", set.images);
  if (pair.raw("labels").is_string()) check_file_name(pair, "labels", set.labels);
  pair.finish();
  reader.record(key, pair.resolved());
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
  if (!reader.has(key) || reader.is_null(key)) {
    reader.raw(key);
    reader.record(key, nullptr);
    return {};
  }
  return format == DataFormat::idx ? read_pair(reader, key) : read_list(reader, key);
}

void read_class_names(ObjectReader& reader, DataConfig& config) {
  const std::string key = "class_names";
  const Json& value = reader.raw(key);
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
  if (!reader.has(key) || value.is_number_integer()) {
    config.validation_examples = reader.integer(
        key, {.min = 0, .max = std::numeric_limits<std::uint32_t>::max(), .fallback = 0});
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

void read_standardize(ObjectReader& reader, DataConfig& config) {
  const std::string key = "standardize";
  if (!reader.raw(key).is_object()) {
    // An object is the third possibility, which choice() cannot know of.
    const bool none = reader.choice(key, {"channel", "none"}, "channel") == "none";
    config.standardize = none ? StandardizeMode::none : StandardizeMode::channel;
    return;
  }
  config.standardize = StandardizeMode::given;
  ObjectReader numbers = reader.object(key);
  // Far outside these limits the standardised pixels would leave the range of a float.
  config.standardization.mean = numbers.reals("mean", {.min = -1e6, .max = 1e6});
  config.standardization.std = numbers.reals("std", {.min = 1e-6, .max = 1e6});
  const Json& mean = numbers.raw("mean");
  const Json& std = numbers.raw("std");
  if (mean.is_array() && std.is_array() && mean.size() != std.size()) {
    reader.problem(key, "expected as many means as standard deviations, found " +
                            std::to_string(mean.size()) + " and " + std::to_string(std.size()));
  }
  numbers.finish();
  reader.record(key, numbers.resolved());
}

void read_augment(ObjectReader& reader, DataConfig& config) {
  ObjectReader augment = reader.object("augment");
  config.flip_horizontal = augment.boolean("flip_horizontal", false);
  config.crop_padding = static_cast<int>(
      augment.integer("crop_padding", {.min = 0, .max = kMaxCropPadding, .fallback = 0}));
  augment.finish();
  reader.record("augment", augment.resolved());
}

// What these keys may hold depends on the format: without one there is nothing to check.
void skip_format_keys(ObjectReader& reader) {
  for (const char* key : {"label", "label_bytes", "label_index", "train", "test"}) reader.raw(key);
}

}  // namespace

std::string to_string(DataFormat format) {
  return format_names()[static_cast<std::size_t>(format)];
}

Json to_json(const Standardization& standardization) {
  return Json{{"mean", standardization.mean}, {"std", standardization.std}};
}

DataConfig read_data_config(ObjectReader& reader) {
  DataConfig config;
  if (const auto format = read_format(reader)) {
    config.format = *format;
    read_label_place(reader, config);
    config.train = read_files(reader, "train", *format);
    config.test = read_files(reader, "test", *format);
  } else {
    skip_format_keys(reader);
  }
  config.directory = reader.text("directory", "");
  read_class_names(reader, config);
  read_validation(reader, config);
  read_standardize(reader, config);
  read_augment(reader, config);
  reader.finish();
  return config;
}

}  // namespace bnn
