#include "bnn/data/load_dataset.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <new>
#include <numeric>
#include <stdexcept>

#include "bnn/core/error.h"
#include "bnn/data/cifar.h"
#include "bnn/data/class_folders.h"
#include "bnn/data/csv_labels.h"
#include "bnn/data/data_files.h"
#include "bnn/data/idx.h"
#include "bnn/images/image_file.h"

namespace bnn {
namespace {

// What a data set is loaded for.
struct Request {
  const DataConfig& config;
  const Shape& shape;
  int classes;  // outputs of the model; 0: any number

  LabelRange labels() const { return label_range(config, classes); }

  // The data set of the files that were read.
  Dataset made_of(RawImages images, const std::vector<FileExamples>& files) const {
    return Dataset(shape, classes > 0 ? classes : labels().count, std::move(images), files);
  }
};

// Looks at every file before the first is read, so that a wrong name is reported at once. Nothing,
// if the size of a file is not known.
std::optional<std::vector<std::size_t>> records_of(const std::vector<std::string>& paths,
                                                   const CifarLayout& layout) {
  std::vector<std::size_t> records;
  bool are_known = true;
  for (const std::string& path : paths) {
    InputFile file = open_data_file(path);
    const std::optional<std::uint64_t> count = count_records(file, layout);
    are_known = are_known && count.has_value();
    records.push_back(static_cast<std::size_t>(count.value_or(0)));
  }
  return are_known ? std::optional(records) : std::nullopt;
}

// All files at the same time, each into its own part of the memory.
RawImages read_at_once(const std::vector<std::string>& paths, const CifarLayout& layout,
                       const std::vector<std::size_t>& records, ThreadPool& pool) {
  std::vector<std::size_t> first(paths.size() + 1, 0);
  std::partial_sum(records.begin(), records.end(), first.begin() + 1);
  RawImages images;
  images.pixels.resize(first.back() * layout.shape.size());
  images.labels.resize(first.back());
  std::vector<std::exception_ptr> problems(paths.size());
  pool.run(paths.size(), [&](std::size_t i, int) {
    try {
      InputFile file = open_data_file(paths[i]);
      if (count_records(file, layout) != records[i]) {
        throw Error(ErrorKind::data,
                    fmt::format("{}: its size changed while it was read", file.name()));
      }
      read_cifar(file, layout, records[i], images.pixels.data() + first[i] * layout.shape.size(),
                 images.labels.data() + first[i]);
    } catch (...) {
      problems[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& problem : problems) {
    if (problem) std::rethrow_exception(problem);
  }
  return images;
}

Dataset load_cifar(const Request& request, const FileSet& set, const std::string& directory,
                   ThreadPool& pool) {
  const CifarLayout layout = cifar_layout(request.config, request.shape, request.classes);
  const std::vector<std::string> paths = resolved_paths(set, directory);
  std::vector<FileExamples> files;
  if (const auto records = records_of(paths, layout)) {
    for (std::size_t i = 0; i < paths.size(); ++i) files.push_back({set.files[i], (*records)[i]});
    return request.made_of(read_at_once(paths, layout, *records, pool), files);
  }
  RawImages images;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    InputFile file = open_data_file(paths[i]);
    files.push_back({set.files[i], append_cifar(file, layout, images)});
  }
  return request.made_of(std::move(images), files);
}

Dataset load_idx(const Request& request, const FileSet& set, const std::string& directory) {
  RawImages images;
  std::vector<FileExamples> files;
  const auto path_of = [&](const std::string& name) { return resolve_path(directory, name); };
  if (!set.labels.empty()) {
    files.push_back({set.images, append_idx(path_of(set.images), path_of(set.labels),
                                            request.labels(), request.shape, images)});
  } else if (!set.images.empty()) {
    files.push_back({set.images, append_idx_images(open_data_file(path_of(set.images)),
                                                   request.shape, images)});
  }
  for (const std::string& name : set.files) {
    files.push_back(
        {name, append_idx_images(open_data_file(path_of(name)), request.shape, images)});
  }
  return request.made_of(std::move(images), files);
}

// Every class must have an image, skipped ones do not count.
void require_images(const std::vector<std::string>& class_folders, const DecodedImages& decoded) {
  std::vector<bool> has_image(class_folders.size(), false);
  for (const int label : decoded.images.labels) has_image[static_cast<std::size_t>(label)] = true;
  const auto empty = std::find(has_image.begin(), has_image.end(), false);
  if (empty == has_image.end()) return;
  const auto label = static_cast<std::size_t>(empty - has_image.begin());
  throw Error(ErrorKind::data, fmt::format("no image of class {} can be decoded",
                                           json_text(Json(class_folders[label]))));
}

Dataset load_csv(const Request& request, const FileSet& set, const std::string& directory,
                 const LoadOptions& options, ThreadPool& pool) {
  const std::vector<std::string> tables = resolved_paths(set, directory);
  std::vector<std::string> classes = csv_classes(tables, request.config, request.classes);
  DecodedImages decoded =
      decode_or_map(list_csv_images(tables, request.config, classes), request.shape,
                    {options.broken, request.config.resize}, options.cache, pool);
  if (decoded.names.empty()) throw Error(ErrorKind::data, "no image of the tables can be decoded");
  return Dataset(request.shape, std::move(classes), std::move(decoded));
}

Dataset load_folders(const Request& request, const FileSet& set, const std::string& directory,
                     const LoadOptions& options, ThreadPool& pool) {
  const std::vector<std::string> paths = resolved_paths(set, directory);
  std::vector<ClassDirectory> directories;
  for (std::size_t i = 0; i < paths.size(); ++i) directories.push_back({paths[i], set.files[i]});
  std::vector<std::string> folders =
      find_class_folders(paths, request.config.class_folders, request.classes);
  DecodedImages decoded =
      decode_or_map(list_class_images(directories, folders), request.shape,
                    {options.broken, request.config.resize}, options.cache, pool);
  require_images(folders, decoded);
  return Dataset(request.shape, std::move(folders), std::move(decoded));
}

void check_set(const DataConfig& config, const FileSet& set) {
  if (set.empty()) throw Error(ErrorKind::data, "no data files are named");
  const bool idx = config.format == DataFormat::idx;
  if (!idx && (!set.images.empty() || !set.labels.empty() || set.files.empty())) {
    throw Error(ErrorKind::internal,
                fmt::format("a pair of files for format {}", to_string(config.format)));
  }
  if (idx && !set.labels.empty() && !set.files.empty()) {
    throw Error(ErrorKind::internal, "labels for some of the images only");
  }
}

// Calls `load`, for which memory may not suffice.
template <typename Load>
Dataset within_memory(const Load& load) {
  try {
    return load();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::data, "the data set does not fit into memory");
  } catch (const std::length_error&) {
    throw Error(ErrorKind::data, "the data set does not fit into memory");
  }
}

}  // namespace

Dataset load_dataset(const DataConfig& config, const FileSet& set, const std::string& directory,
                     const Shape& shape, int classes, const LoadOptions& options) {
  check_set(config, set);
  const Request request{config, shape, classes};
  return within_memory([&] {
    if (config.format == DataFormat::idx) return load_idx(request, set, directory);
    ThreadPool alone(1);
    ThreadPool& pool = options.pool != nullptr ? *options.pool : alone;
    if (config.format == DataFormat::csv) {
      return load_csv(request, set, directory, options, pool);
    }
    if (config.format == DataFormat::folder) {
      return load_folders(request, set, directory, options, pool);
    }
    return load_cifar(request, set, directory, pool);
  });
}

Dataset load_stream(const DataConfig& config, InputFile file, const std::string& name,
                    const Shape& shape, int classes) {
  if (has_image_files(config.format)) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected an image ({})", file.name(), kImageFormats));
  }
  const Request request{config, shape, classes};
  return within_memory([&] {
    RawImages images;
    const std::size_t count =
        config.format == DataFormat::idx
            ? append_idx_images(std::move(file), shape, images)
            : append_cifar(file, cifar_layout(config, shape, classes), images);
    return request.made_of(std::move(images), {{name, count}});
  });
}

}  // namespace bnn
