// The cache of decoded images. It is a copy that can be made again: what is damaged is made anew,
// and the images are those of the files in any case.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <zlib.h>

#include "bnn/data/image_cache.h"
#include "json_mutation.h"
#include "subject.h"
#include "tensor_file.h"

namespace bnn::proof {
namespace {

constexpr std::string_view kMagic = "bnn images 1\n";
constexpr std::size_t kChecksum = kMagic.size(), kLength = kChecksum + 4, kHeader = kLength + 8;
constexpr Shape kShape = {8, 8, 1};

std::vector<LabelledFile> files_below(const std::string& folder) {
  std::vector<LabelledFile> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back({entry.path(), entry.path(), 0});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  for (std::size_t i = 0; i < files.size(); ++i) files[i].label = static_cast<int>(i % 3);
  return files;
}

class CacheSubject : public Subject {
 public:
  CacheSubject(const std::string& images, const std::string& folder)
      : folder_(folder + "/cache"), files_(files_below(images)) {
    ThreadPool pool(1);
    right_ = decode_images(files_, kShape, {}, pool);
    read();  // makes the cache
    path_ = std::filesystem::directory_iterator(folder_)->path();
    good_ = read_bytes(path_);
  }

  std::string forged(Random& random) const override {
    std::string bytes = good_;
    const std::size_t length = header_length(bytes), lists = kHeader + length;
    if (random.chance(60)) {
      JsonNode header = parse_tree(bytes.substr(kHeader, length));
      for (std::size_t i = some_changes(random); i > 0; --i) mutate_json(header, random);
      const std::string text = text_of(header), rest = bytes.substr(lists, 8 * files_.size());
      if (kHeader + text.size() + rest.size() > first_pixel()) return bytes;
      const std::uint64_t size = text.size();
      std::memcpy(bytes.data() + kLength, &size, sizeof size);
      bytes.replace(kHeader, text.size() + rest.size(), text + rest);
    } else if (random.chance(50)) {
      bytes[lists + random.below(8 * files_.size())] = static_cast<char>(random.below(256));
    } else {
      const std::uint64_t size = random.chance(50) ? random.bits() : random.below(bytes.size());
      std::memcpy(bytes.data() + kLength, &size, sizeof size);
    }
    return sealed_again(bytes);
  }

  std::string sealed_again(const std::string& from) const override {
    std::string bytes = from;
    const std::size_t size = 8 + header_length(bytes) + 8 * files_.size();
    if (header_length(bytes) > bytes.size() || kLength + size > bytes.size()) return bytes;
    const auto* checked = reinterpret_cast<const Bytef*>(bytes.data() + kLength);
    const auto checksum = static_cast<std::uint32_t>(crc32(0, checked, static_cast<uInt>(size)));
    std::memcpy(bytes.data() + kChecksum, &checksum, sizeof checksum);
    return bytes;
  }

  Verdict judge(const std::string& bytes, bool damaged) override {
    std::filesystem::remove(path_);  // a mapped file must not shrink
    write_bytes(path_, bytes);
    DecodedImages images;
    return judge_reader(
        ErrorKind::io, path_, bytes.size() + good_.size(), [&] { images = read(); },
        [&] {
          Verdict verdict{is_right(images) ? End::refused : End::accepted};  // made anew, or not
          const std::size_t count = images.names.size();
          const bool whole = images.images.labels.size() == count &&
                             images.stream_names.size() == count &&
                             images.images.bytes().size() == count * kShape.size();
          if (!whole) verdict.wrong = "the parts of a cache do not fit each other";
          if (damaged && verdict.end == End::accepted)
            verdict.wrong = "other images than the files'";
          return verdict;
        });
  }

 private:
  std::size_t first_pixel() const { return good_.size() - files_.size() * kShape.size(); }

  static std::size_t header_length(const std::string& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data() + kLength, sizeof length);
    return static_cast<std::size_t>(length);
  }

  DecodedImages read() {
    ThreadPool pool(1);
    return decode_or_map(files_, kShape, {}, {.folder = folder_, .always = true}, pool);
  }

  bool is_right(const DecodedImages& images) const {
    const auto bytes = images.images.bytes(), right = right_.images.bytes();
    return images.names == right_.names && images.stream_names == right_.stream_names &&
           images.images.labels == right_.images.labels &&
           std::equal(bytes.begin(), bytes.end(), right.begin(), right.end());
  }

  std::string folder_, path_;
  std::vector<LabelledFile> files_;
  DecodedImages right_;
};

}  // namespace

std::unique_ptr<Subject> cache_subject(const std::string& images, const std::string& folder) {
  return std::make_unique<CacheSubject>(images, folder);
}

}  // namespace bnn::proof
