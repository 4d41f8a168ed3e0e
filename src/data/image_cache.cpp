#include "bnn/data/image_cache.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <sys/file.h>
#include <sys/stat.h>
#include <zlib.h>

#include "bnn/core/file_descriptor.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/memory_limit.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/atomic_file.h"

namespace bnn {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

constexpr std::string_view kMagic = "bnn images 1\n";
constexpr std::size_t kChecked = kMagic.size() + sizeof(std::uint32_t);  // first checked byte
constexpr std::size_t kAlignment = 4096;
constexpr std::size_t kBlockBytes = std::size_t{64} << 20;  // decoded before they are written
constexpr double kShareOfMemory = 0.5;

std::size_t aligned_up(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// What the file depends on: the list of files and how they are fitted; and, changing more often,
// the sizes and times of the sources.
struct CacheKey {
  std::string list, sources;  // checksums
};

CacheKey key_of(std::span<const LabelledFile> files, const Shape& shape, const DecodeOptions& how) {
  uLong list = crc32_z(0, nullptr, 0), sources = list;
  const auto add = [](uLong& crc, const std::string& text) {
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(text.data()), text.size() + 1);
  };
  add(list, fmt::format("{}x{}x{} {} {}", shape.height, shape.width, shape.channels,
                        name_of(kResizeModeNames, how.resize), how.broken == BrokenImages::skip));
  std::uint64_t bytes = 0;
  for (const LabelledFile& file : files) {
    std::error_code error;
    add(list, std::filesystem::absolute(file.path, error).string());
    struct stat status = {};
    if (::stat(file.path.c_str(), &status) != 0) status = {};
    bytes += static_cast<std::uint64_t>(status.st_size);
    add(sources, fmt::format("{} {} {}.{}", file.path, status.st_size, status.st_mtim.tv_sec,
                             status.st_mtim.tv_nsec));
  }
  return {fmt::format("{:08x}-{}", list, files.size()), fmt::format("{:08x}-{}", sources, bytes)};
}

// The files of a list that were decoded, and what is said about them.
struct CacheIndex {
  std::vector<std::uint32_t> stream_names, places;
  ImageChanges changes = {};
  std::vector<std::string> skipped = {};
};

Json header_of(const CacheKey& key, const CacheIndex& index) {
  const ImageChanges& c = index.changes;
  return {{"list", key.list},
          {"sources", key.sources},
          {"images", index.places.size()},
          {"changes", {c.images, c.turned, c.resized, c.recoloured}},
          {"first", c.first ? Json{c.first->height, c.first->width, c.first->channels} : Json()},
          {"skipped", Json(index.skipped)}};
}

std::uint32_t checksum_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// The beginning of the file, up to the room before the pixels.
std::vector<std::byte> head_of(const CacheKey& key, const CacheIndex& index) {
  const std::string header = header_of(key, index).dump();
  std::vector<std::byte> bytes;
  const auto add = [&](const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + size);
  };
  const std::uint64_t length = header.size();
  add(kMagic.data(), kMagic.size());
  add("\0\0\0", sizeof(std::uint32_t));  // the checksum of what follows
  add(&length, sizeof length);
  add(header.data(), header.size());
  for (const auto* list : {&index.stream_names, &index.places}) {
    add(list->data(), list->size() * sizeof(std::uint32_t));
  }
  const std::uint32_t checksum = checksum_of(std::span(bytes).subspan(kChecked));
  std::memcpy(bytes.data() + kMagic.size(), &checksum, sizeof checksum);
  return bytes;
}

// Room for the head before what it will say is known: every file decoded, and some sentences.
std::size_t largest_head(std::size_t files) {
  constexpr std::size_t kSentences = std::size_t{64} << 10;
  return aligned_up(kSentences + files * 2 * sizeof(std::uint32_t));
}

void build(const std::string& path, const CacheKey& key, std::span<const LabelledFile> files,
           const Shape& shape, const DecodeOptions& how, ThreadPool& pool) {
  AtomicFile file(path);
  CacheIndex index;
  const std::size_t size = shape.size(), block = std::max<std::size_t>(kBlockBytes / size, 1);
  const std::size_t first = largest_head(files.size());
  std::size_t end = first;
  ByteArray pixels;
  for (std::size_t at = 0; at < files.size(); at += block) {
    const std::size_t count = std::min(block, files.size() - at);
    pixels.resize(count * size);
    std::vector<DecodedFile> results(count);
    pool.run(count, [&](std::size_t i, int) {
      results[i] = decode_into(files[at + i], shape, how.resize, pixels.data() + i * size);
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (results[i].failure) std::rethrow_exception(results[i].failure);
      if (!results[i].problem.empty()) {
        index.skipped.push_back(results[i].problem);
        continue;
      }
      index.stream_names.push_back(results[i].stream_name);
      index.places.push_back(static_cast<std::uint32_t>(at + i));
      index.changes.add(results[i].changes);
      file.write_at(end, std::as_bytes(std::span(pixels).subspan(i * size, size)));
      end += size;
    }
  }
  if (how.broken == BrokenImages::refuse) refuse_broken(index.skipped, files.size());
  if (index.places.empty()) throw Error(ErrorKind::data, "no image can be decoded");
  const std::vector<std::byte> head = head_of(key, index);
  if (head.size() > first) {
    throw Error(ErrorKind::data, "too many images cannot be decoded to list them in a cache");
  }
  file.write_at(0, head);
  file.commit();
}

// The index of a file that is whole and of this key; nothing otherwise.
struct OpenCache {
  CacheIndex index;
  MappedPixels pixels;
};

bool read_header(const Json& header, const CacheKey& key, CacheIndex& index, std::size_t& images) {
  Problems problems("cache");
  ObjectReader reader(header, "", problems);
  const bool is_same =
      reader.text("list", "") == key.list && reader.text("sources", "") == key.sources;
  images = static_cast<std::size_t>(
      reader.integer("images", {.min = 0, .max = std::numeric_limits<std::uint32_t>::max()}));
  const std::vector<double> changes = reader.reals("changes", {.min = 0});
  const Json& first = reader.raw("first");
  index.skipped = reader.texts("skipped", std::vector<std::string>());
  if (!is_same || !problems.empty() || changes.size() != 4) return false;
  const auto whole = [&](std::size_t i) { return static_cast<std::size_t>(changes[i]); };
  index.changes = {whole(0), whole(1), whole(2), whole(3), {}};
  const auto is_whole = [](const Json& value) { return value.is_number_integer(); };
  if (first.is_array() && first.size() == 3 && std::all_of(first.begin(), first.end(), is_whole)) {
    index.changes.first = Shape{first[0].get<int>(), first[1].get<int>(), first[2].get<int>()};
  }
  return true;
}

bool pixels_are_whole(const OpenCache& cache, std::size_t size, ThreadPool& pool) {
  const std::span<std::uint8_t> pixels = cache.pixels.bytes();
  std::vector<char> good(cache.index.stream_names.size(), 0);
  pool.run(good.size(), [&](std::size_t i, int) {
    good[i] = image_stream_name(pixels.subspan(i * size, size)) == cache.index.stream_names[i];
  });
  return std::all_of(good.begin(), good.end(), [](char is_good) { return is_good != 0; });
}

std::optional<OpenCache> open_cache(const std::string& path, const CacheKey& key, std::size_t files,
                                    const Shape& shape, ThreadPool& pool) {
  if (!std::filesystem::is_regular_file(path)) return std::nullopt;
  OpenCache cache{{}, {MappedFile(path, ErrorKind::io), largest_head(files)}};
  const std::span<std::uint8_t> bytes = cache.pixels.file.bytes();
  const std::size_t start = kChecked + sizeof(std::uint64_t);
  if (bytes.size() < cache.pixels.first || bytes.size() < start ||
      std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return std::nullopt;
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data() + kChecked, sizeof length);
  if (length > cache.pixels.first - start) return std::nullopt;
  const auto header = try_parse_json(
      {reinterpret_cast<const char*>(bytes.data()) + start, static_cast<std::size_t>(length)});
  std::size_t images = 0;
  if (!header || !read_header(*header, key, cache.index, images)) return std::nullopt;
  const std::size_t lists = start + static_cast<std::size_t>(length);
  const std::size_t list_bytes = images * sizeof(std::uint32_t);
  if (images > files || lists + 2 * list_bytes > cache.pixels.first ||
      bytes.size() - cache.pixels.first != images * shape.size()) {
    return std::nullopt;
  }
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + kMagic.size(), sizeof checksum);
  const std::size_t checked = lists + 2 * list_bytes - kChecked;
  if (checksum != checksum_of(std::as_bytes(bytes).subspan(kChecked, checked))) return std::nullopt;
  cache.index.stream_names.resize(images);
  cache.index.places.resize(images);
  std::memcpy(cache.index.stream_names.data(), bytes.data() + lists, list_bytes);
  std::memcpy(cache.index.places.data(), bytes.data() + lists + list_bytes, list_bytes);
  const bool places_fit = std::all_of(cache.index.places.begin(), cache.index.places.end(),
                                      [&](std::uint32_t place) { return place < files; });
  if (!places_fit || !pixels_are_whole(cache, shape.size(), pool)) return std::nullopt;
  return cache;
}

DecodedImages images_of(OpenCache cache, std::span<const LabelledFile> files,
                        const std::string& path) {
  cache.pixels.file.expect_random_access();
  DecodedImages decoded;
  for (const std::uint32_t place : cache.index.places) {
    decoded.names.push_back(files[place].name);
    decoded.images.labels.push_back(files[place].label);
  }
  decoded.stream_names = std::move(cache.index.stream_names);
  decoded.changes = cache.index.changes;
  decoded.skipped = std::move(cache.index.skipped);
  decoded.cache_note =
      fmt::format("the images lie in {} ({:.2f} GB), which may be removed after the run",
                  shown_path(path), static_cast<double>(cache.pixels.bytes().size()) / 1e9);
  decoded.images.mapped = std::move(cache.pixels);
  return decoded;
}

void make_cache_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return;
  throw Error(ErrorKind::io, fmt::format("{}: cannot create the folder for decoded images: {}; "
                                         "expected --image-cache DIR to name another",
                                         shown_path(folder), error.message()));
}

// Waits until no other process makes a file of the folder. The processes of a host that train
// together then decode once, and map one file. File systems without locks only lose that.
FileDescriptor lock_folder(const std::string& folder) {
  FileDescriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.number() >= 0) flock(lock.number(), LOCK_EX);
  return lock;
}

}  // namespace

std::string default_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) return cache + "/bnn";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/bnn";
  const std::string temporary = variable("TMPDIR");
  return (temporary.empty() ? "/tmp" : temporary) + "/bnn";
}

DecodedImages decode_or_map(std::span<const LabelledFile> files, const Shape& shape,
                            const DecodeOptions& how, const ImageCache& cache, ThreadPool& pool) {
  const double bytes = static_cast<double>(files.size()) * static_cast<double>(shape.size());
  if (!cache.always && bytes <= kShareOfMemory * memory_limit()) {
    return decode_images(files, shape, how, pool);
  }
  const std::string folder = cache.folder.empty() ? default_cache_folder() : cache.folder;
  make_cache_folder(folder);
  const CacheKey key = key_of(files, shape, how);
  const std::string path = fmt::format("{}/images-{}.bin", folder, key.list);
  std::optional<OpenCache> found = open_cache(path, key, files.size(), shape, pool);
  if (!found) {
    const FileDescriptor lock = lock_folder(folder);
    found = open_cache(path, key, files.size(), shape, pool);
    if (!found) {
      build(path, key, files, shape, how, pool);
      found = open_cache(path, key, files.size(), shape, pool);
    }
  }
  if (!found) {
    throw Error(ErrorKind::io, shown_path(path) + ": the images were changed while they were read");
  }
  return images_of(std::move(*found), files, path);
}

}  // namespace bnn
