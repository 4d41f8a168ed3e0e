#include "bnn/data/data_shape.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/data/class_folders.h"
#include "bnn/data/csv_labels.h"
#include "bnn/data/data_files.h"
#include "bnn/data/idx.h"
#include "bnn/images/image_file.h"

namespace bnn {
namespace {

constexpr int kLargestKeptSide = 128, kLargestChosenSide = 64, kSideStep = 8;
constexpr std::size_t kSurveyed = 200;

bool is_grey(const Image& image) {
  if (image.channels == 1) return true;
  for (std::size_t i = 0; i < image.bytes.size(); i += 3) {
    if (image.bytes[i] != image.bytes[i + 1] || image.bytes[i] != image.bytes[i + 2]) return false;
  }
  return true;
}

int chosen_side(std::vector<int> smaller_sides) {
  const auto middle = smaller_sides.begin() + static_cast<std::ptrdiff_t>(smaller_sides.size() / 2);
  std::nth_element(smaller_sides.begin(), middle, smaller_sides.end());
  const int rounded = (*middle + kSideStep / 2) / kSideStep * kSideStep;
  return std::clamp(rounded, kSideStep, kLargestChosenSide);
}

DataShape folder_shape(const DataConfig& config, const std::string& directory) {
  const std::vector<std::string> paths = resolved_paths(config.train, directory);
  const bool is_csv = config.format == DataFormat::csv;
  const auto folders =
      is_csv ? csv_classes(paths, config, 0) : find_class_folders(paths, config.class_folders, 0);
  std::vector<ClassDirectory> directories;
  for (const std::string& path : paths) directories.push_back({path, path});
  std::vector<std::string> images;
  for (const LabelledFile& file :
       is_csv ? list_csv_images(paths, config, folders) : list_class_images(directories, folders)) {
    images.push_back(file.path);
  }
  const ImageSurvey survey = survey_images(images, kSurveyed);
  if (survey.images == 0) throw Error(ErrorKind::data, survey.problems.at(0));
  return {survey.shape, static_cast<int>(folders.size())};
}

std::optional<DataShape> idx_data_shape(const DataConfig& config, const std::string& directory) {
  const std::string path = resolve_path(directory, config.train.images);
  const std::optional<Shape> shape = idx_shape(path);
  if (!shape) {
    open_data_file(path);
    return std::nullopt;
  }
  const std::vector<int> labels = read_idx_labels(resolve_path(directory, config.train.labels));
  const int largest = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end());
  return DataShape{*shape, largest + 1};
}

}  // namespace

std::optional<DataShape> find_data_shape(const DataConfig& config, const std::string& directory) {
  if (config.train.empty()) return std::nullopt;
  switch (config.format) {
    case DataFormat::cifar10:
    case DataFormat::cifar100:
      return DataShape{{32, 32, 3}, format_classes(config)};
    case DataFormat::idx:
      return idx_data_shape(config, directory);
    case DataFormat::folder:
    case DataFormat::csv:
      return folder_shape(config, directory);
    case DataFormat::cifar:
      break;
  }
  return std::nullopt;
}

ImageSurvey survey_images(const std::vector<std::string>& paths, std::size_t most) {
  ImageSurvey survey;
  std::vector<int> smaller_sides;
  Shape first;
  bool all_grey = true;
  survey.is_uniform = true;
  const std::size_t count = std::min(paths.size(), most);
  for (std::size_t i = 0; i < count; ++i) {
    try {
      const Image image = read_image(paths[i * paths.size() / count]);
      const auto [smaller, larger] = std::minmax(image.height, image.width);
      if (survey.images == 0) first = image.shape();
      survey.smallest_side = survey.images == 0 ? smaller : std::min(survey.smallest_side, smaller);
      survey.largest_side = std::max(survey.largest_side, larger);
      survey.widest = std::max(survey.widest, static_cast<double>(larger) / smaller);
      survey.is_uniform =
          survey.is_uniform && image.height == first.height && image.width == first.width;
      all_grey = all_grey && is_grey(image);
      smaller_sides.push_back(smaller);
      ++survey.images;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data && error.kind() != ErrorKind::io) throw;
      survey.problems.emplace_back(error.what());
    }
  }
  if (survey.images == 0) return survey;
  survey.shape = survey.first = first;
  if (!survey.is_uniform || survey.largest_side > kLargestKeptSide) {
    const int side = chosen_side(std::move(smaller_sides));
    survey.shape.height = survey.shape.width = side;
  }
  survey.shape.channels = all_grey ? 1 : 3;
  return survey;
}

}  // namespace bnn
