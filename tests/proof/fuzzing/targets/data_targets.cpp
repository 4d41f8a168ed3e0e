// Data sets: records, pairs of IDX files, tables, class folders.

#include <algorithm>
#include <array>

#include "bnn/data/csv_labels.h"
#include "bnn/data/load_dataset.h"
#include "support/data_files.h"
#include "support/image_files.h"
#include "support/temporary_directory.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

using testing::TemporaryDirectory;
using testing::write_bytes;

constexpr std::size_t kMostBytes = std::size_t{1} << 16, kMostFiles = 16, kMostName = 200;

void require_valid(const Dataset& data, const Shape& shape) {
  require(data.size() > 0, "an empty data set was accepted");
  require(data.pixels().size() == data.size() * shape.size(), "images have not their shape");
  for (const int label : data.labels()) {
    require(label >= 0 && label < data.classes(), "a label is out of range");
  }
}

InputFile file_of(Bytes input) { return {std::as_bytes(input), "x.bin", ErrorKind::data}; }

testing::Bytes copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// A grey image that a name in a table or a folder may lead to, or no image at all.
const testing::Bytes& file_content(bool is_image) {
  static const testing::Bytes image = testing::pattern_png(1, 0), none = {'x'};
  return is_image ? image : none;
}

// A relative path that stays in its folder.
bool is_harmless(const std::string& name) {
  return !name.empty() && name.size() <= kMostName && name.front() != '/' &&
         name.find("..") == std::string::npos && name.find('\0') == std::string::npos;
}

// False if the system does not take the name.
bool make_file(const TemporaryDirectory& folder, const std::string& name, bool is_image) {
  const std::filesystem::path path = folder.file(name);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error || std::filesystem::is_directory(path, error)) return false;
  try {
    write_bytes(path.string(), file_content(is_image));
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

}  // namespace

// The first byte chooses the format, and so the shape, and whether the model has few classes.
void fuzz_cifar(Bytes input) {
  if (input.size() < 3 || input.size() > kMostBytes) return;
  constexpr std::array kFormats = {DataFormat::cifar, DataFormat::cifar10, DataFormat::cifar100};
  DataConfig config;
  config.format = kFormats[input[0] % kFormats.size()];
  config.fine_labels = input[0] % 2 == 0;
  config.label_bytes = 1 + input[1] % 4;
  config.label_index = input[2] % config.label_bytes;
  const bool is_small = config.format == DataFormat::cifar;
  const Shape shape = is_small ? Shape{2, 3, 1 + input[0] / 128 * 2} : Shape{32, 32, 3};
  const int classes = input[0] % 64 < 32 ? 0 : 10;
  require_valid(load_stream(config, file_of(input.subspan(3)), "x.bin", shape, classes), shape);
}

// Two bytes with the length of the file of labels, that file, and the file of images.
void fuzz_idx(Bytes input) {
  if (input.size() < 2 || input.size() > kMostBytes) return;
  const std::size_t size = std::min<std::size_t>(input[0] + 256u * input[1], input.size() - 2);
  const Bytes labels = input.subspan(2, size), images = input.subspan(2 + size);
  const Shape shape{3, 2, 1};
  DataConfig config;
  config.format = DataFormat::idx;
  try {
    require_valid(load_stream(config, file_of(images), "images", shape, 0), shape);
  } catch (const Error&) {  // run_target sees the error of the pair of files
  }
  const TemporaryDirectory folder;
  write_bytes(folder.file("images"), copy_of(images));
  write_bytes(folder.file("labels"), copy_of(labels));
  FileSet files;
  files.images = "images";
  files.labels = "labels";
  require_valid(load_dataset(config, files, folder.path(), shape, 0), shape);
}

// A table. The images 0.png, 1.png and "a b.png" are there; 2.png is none.
void fuzz_csv(Bytes input) {
  if (input.size() < 1 || input.size() > kMostBytes) return;
  const TemporaryDirectory folder;
  for (const char* name : {"0.png", "1.png", "a b.png"}) make_file(folder, name, true);
  make_file(folder, "2.png", false);
  write_bytes(folder.file("table.csv"), copy_of(input.subspan(1)));
  DataConfig config;
  config.format = DataFormat::csv;
  if (input[0] % 2 == 1) config.csv = {"file", "label", ".png"};
  FileSet files;
  files.files = {"table.csv"};
  ThreadPool pool(1);
  const auto broken = input[0] % 4 < 2 ? BrokenImages::refuse : BrokenImages::skip;
  const Shape shape{4, 4, 1};
  const Dataset data =
      load_dataset(config, files, folder.path(), shape, 0, {.pool = &pool, .broken = broken});
  require_valid(data, shape);
}

// Names of files, with a zero byte behind each; those of even length are images.
void fuzz_class_folders(Bytes input) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.file("train"));
  for (std::size_t made = 0; made < kMostFiles && !input.empty();) {
    const std::string name = as_string(take_field(input, 0));
    if (!is_harmless(name) || !make_file(folder, "train/" + name, name.size() % 2 == 0)) continue;
    ++made;
  }
  DataConfig config;
  config.format = DataFormat::folder;
  FileSet files;
  files.files = {"train"};
  ThreadPool pool(1);
  const Shape shape{4, 4, 3};
  const Dataset data = load_dataset(config, files, folder.path(), shape, 0,
                                    {.pool = &pool, .broken = BrokenImages::skip});
  require_valid(data, shape);
  require(data.class_folders().size() == static_cast<std::size_t>(data.classes()),
          "another number of class folders");
}

}  // namespace bnn::fuzzing
