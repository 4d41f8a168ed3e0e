#include "bnn/training/starter_data.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/data/class_folders.h"
#include "bnn/data/csv_labels.h"
#include "bnn/data/data_files.h"
#include "bnn/data/data_shape.h"
#include "bnn/data/idx.h"
#include "bnn/data/load_dataset.h"
#include "bnn/images/image_file.h"
#include "bnn/images/image_list.h"

namespace bnn {
namespace {

constexpr std::size_t kMostDecoded = 20000;
constexpr double kSquarish = 1.1;  // proportions that may be stretched

bool exists(const std::string& path) { return !any_is_missing({path}); }

// The first folder of these names, whatever their case; "" if there is none.
std::string folder_named(const FolderEntries& entries, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const std::string& folder : entries.folders) {
      const bool same =
          std::equal(folder.begin(), folder.end(), name.begin(), name.end(),
                     [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
      if (same) return folder;
    }
  }
  return "";
}

// The names that exist in the folder.
std::vector<std::string> present(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (exists(path_in(folder, name))) found.push_back(name);
  }
  return found;
}

Json name_or_list(const std::vector<std::string>& names) {
  if (names.empty()) return nullptr;
  return names.size() == 1 ? Json(names[0]) : Json(names);
}

std::string size_text(int height, int width) { return fmt::format("{} x {}", height, width); }

// The labels and the shape of data files, by loading them.
void count_examples(StarterData& found) {
  Problems problems(shown_path(found.directory));
  ObjectReader reader(found.data, "/data", problems);
  const DataConfig config = read_data_config(reader);
  problems.raise_if_any(ErrorKind::data);
  const auto shape = find_data_shape(config, found.directory);
  if (!shape) {
    throw Error(ErrorKind::data,
                shown_path(found.directory) + ": the files do not say the shape of their images");
  }
  found.shape = shape->shape;
  const Dataset images =
      load_dataset(config, config.train, found.directory, found.shape, shape->classes);
  found.images = images.size();
  found.class_counts.assign(static_cast<std::size_t>(shape->classes), 0);
  for (const int label : images.labels()) ++found.class_counts[static_cast<std::size_t>(label)];
  found.sizes = size_text(found.shape.height, found.shape.width) + " pixels";
}

// Sizes, counts and broken files of labelled images.
void survey_files(const std::vector<LabelledFile>& files, StarterData& found) {
  found.class_counts.assign(found.class_names.size(), 0);
  std::vector<std::string> paths;
  for (const LabelledFile& file : files) {
    ++found.class_counts[static_cast<std::size_t>(file.label)];
    paths.push_back(file.path);
  }
  found.images = paths.size();
  const ImageSurvey survey = survey_images(paths, kMostDecoded);
  if (survey.images == 0) throw Error(ErrorKind::data, survey.problems.at(0));
  found.broken = survey.problems;
  found.shape = survey.shape;
  found.sizes = survey.is_uniform ? size_text(survey.first.height, survey.first.width) + " pixels"
                                  : fmt::format("{} to {} pixels a side", survey.smallest_side,
                                                survey.largest_side);
  const bool is_resized = !survey.is_uniform || survey.first.height != survey.shape.height ||
                          survey.first.width != survey.shape.width;
  if (is_resized) {
    found.sizes +=
        fmt::format(", resized to {}", size_text(survey.shape.height, survey.shape.width));
  }
  if (is_resized && survey.widest > kSquarish) found.data["resize"] = "crop";
}

// Class folders, for training and perhaps for testing.
void survey_folders(const std::string& train, StarterData& found) {
  const std::string path = train == "." ? found.directory : path_in(found.directory, train);
  found.class_names = find_class_folders({path}, {}, 0);
  if (found.class_names.size() < 2) {
    throw Error(ErrorKind::data,
                shown_path(path) + ": expected at least two class folders, found one");
  }
  survey_files(list_class_images({{path, path}}, found.class_names), found);
}

bool find_class_images(StarterData& found) {
  const FolderEntries entries = list_folder(found.directory);
  if (entries.folders.empty()) return false;
  const std::string train = folder_named(entries, {"train", "training"});
  const std::string validation = folder_named(entries, {"val", "valid", "validation"});
  std::string test = folder_named(entries, {"test", "testing"});
  if (test.empty()) test = validation;
  found.data = {{"format", "folder"}};
  // A folder of images is a class, whatever its name.
  if (train.empty() || list_folder(path_in(found.directory, train)).folders.empty()) {
    found.data["train"] = ".";
    survey_folders(".", found);
    return true;
  }
  found.data["train"] = train;
  if (test != validation) found.unused = validation;
  if (!test.empty()) {
    found.data["test"] = test;
    // Different classes would be refused by every training.
    find_class_folders({path_in(found.directory, train), path_in(found.directory, test)}, {}, 0);
  }
  survey_folders(train, found);
  return true;
}

// What tables say of images and labels.
void survey_tables(const std::vector<std::string>& tables, StarterData& found) {
  DataConfig config;
  config.format = DataFormat::csv;
  found.class_names = csv_classes(tables, config, 0);
  if (found.class_names.size() < 2) {
    throw Error(ErrorKind::data,
                shown_path(tables[0]) +
                    ": expected at least two different labels in the second column, found one; "
                    "data.label_column of a config names another");
  }
  survey_files(list_csv_images(tables, config, found.class_names), found);
}

bool is_table(const std::string& name) {
  return name.size() > 4 && (name.ends_with(".csv") || name.ends_with(".CSV"));
}

// A table of labels, and perhaps one of test images.
bool find_tables(StarterData& found) {
  const std::vector<std::string> train = present(found.directory, {"train.csv", "labels.csv"});
  if (train.empty()) return false;
  found.data = {{"format", "csv"}, {"train", train[0]}};
  const std::vector<std::string> test = present(found.directory, {"test.csv"});
  survey_tables({path_in(found.directory, train[0])}, found);
  if (test.empty()) return true;
  found.data["test"] = test[0];
  DataConfig config;
  config.format = DataFormat::csv;
  list_csv_images({path_in(found.directory, test[0])}, config, found.class_names);
  return true;
}

bool find_cifar(StarterData& found) {
  std::vector<std::string> names;
  for (int i = 1; i <= 5; ++i) names.push_back(fmt::format("data_batch_{}.bin", i));
  std::vector<std::string> train = present(found.directory, names);
  const bool is_cifar10 = !train.empty();
  if (!is_cifar10) train = present(found.directory, {"train.bin"});
  if (train.empty()) return false;
  found.data = {{"format", is_cifar10 ? "cifar10" : "cifar100"}, {"train", name_or_list(train)}};
  const std::vector<std::string> test =
      present(found.directory, {is_cifar10 ? "test_batch.bin" : "test.bin"});
  if (!test.empty()) found.data["test"] = test[0];
  count_examples(found);
  return true;
}

// The name of the labels that go with a file of images, by the usual names of MNIST.
std::string labels_beside(const std::string& folder, const std::string& images) {
  std::string labels = images;
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"images", "labels"},
                                 {"idx3", "idx1"},
                                 {"idx4", "idx1"}}) {
    if (const std::size_t at = labels.find(from); at != std::string::npos) {
      labels.replace(at, from.size(), to);
    }
  }
  return labels != images && exists(path_in(folder, labels)) ? labels : "";
}

bool find_idx(StarterData& found) {
  for (const std::string& file : list_folder(found.directory).files) {
    const std::string labels = labels_beside(found.directory, file);
    if (labels.empty() || !idx_shape(path_in(found.directory, file))) continue;
    const bool is_test = file.starts_with("t10k") || file.starts_with("test");
    found.data["format"] = "idx";
    found.data[is_test ? "test" : "train"] = {{"images", file}, {"labels", labels}};
  }
  if (!found.data.contains("train")) return false;
  count_examples(found);
  return true;
}

// Files: a pair of IDX files, or records of CIFAR-10 or CIFAR-100, all in one folder.
void find_files(const std::vector<std::string>& paths, StarterData& found) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const std::filesystem::path parts(path);
    const std::string folder = parts.has_parent_path() ? parts.parent_path().string() : ".";
    if (!names.empty() && folder != found.directory) {
      throw Error(ErrorKind::data, shown_path(path) + ": expected files of one folder");
    }
    found.directory = folder;
    names.push_back(parts.filename().string());
    open_data_file(path);
  }
  if (is_table(names[0])) {
    found.data = {{"format", "csv"}, {"train", name_or_list(names)}};
    return survey_tables(paths, found);
  }
  if (idx_shape(paths[0])) {
    const std::string labels =
        paths.size() > 1 ? names[1] : labels_beside(found.directory, names[0]);
    if (labels.empty() || paths.size() > 2) {
      throw Error(ErrorKind::data,
                  shown_path(paths[0]) + ": expected a file of images and then one of labels");
    }
    found.data = {{"format", "idx"}, {"train", {{"images", names[0]}, {"labels", labels}}}};
  } else {
    constexpr std::uint64_t kCifar10Record = 3073, kCifar100Record = 3074;
    const std::uint64_t size = open_data_file(paths[0]).size().value_or(0);
    const bool is_cifar10 = size > 0 && size % kCifar10Record == 0;
    if (!is_cifar10 && (size == 0 || size % kCifar100Record != 0)) {
      throw Error(
          ErrorKind::data,
          shown_path(paths[0]) +
              ": expected a folder of images, a table of labels (.csv), an IDX file, or records of "
              "CIFAR-10 or CIFAR-100");
    }
    found.data = {{"format", is_cifar10 ? "cifar10" : "cifar100"}, {"train", name_or_list(names)}};
  }
  count_examples(found);
}

}  // namespace

StarterData find_starter_data(const std::vector<std::string>& paths) {
  StarterData found;
  if (paths.size() != 1 || !is_folder(paths[0])) {
    find_files(paths, found);
    return found;
  }
  found.directory = paths[0];
  if (find_cifar(found) || find_idx(found) || find_tables(found) || find_class_images(found)) {
    return found;
  }
  throw Error(ErrorKind::data,
              shown_path(paths[0]) +
                  ": expected a folder for each class, folders named train and test, or data files "
                  "of CIFAR or MNIST");
}

}  // namespace bnn
