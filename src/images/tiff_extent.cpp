#include "bnn/images/tiff_extent.h"

#include <algorithm>
#include <array>
#include <vector>

#include "bnn/images/byte_numbers.h"

namespace bnn {
namespace {

constexpr std::size_t kMostDirectories = 1000;

// Bytes of a value of each type, from type 0.
constexpr std::array<std::size_t, 19> kTypeBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                                    8, 4, 8, 4, 0, 0, 8, 8, 8};
// Lists of places, and the list of how many bytes lie there.
struct PlacedData {
  std::uint32_t offsets, counts;
};
constexpr std::array<PlacedData, 3> kPlacedData = {{{273, 279}, {324, 325}, {513, 514}}};
constexpr std::array<std::uint32_t, 3> kDirectories = {330, 34665, 34853};  // sub, EXIF, GPS

class TiffWalk {
 public:
  explicit TiffWalk(std::span<const std::uint8_t> bytes)
      : bytes_(bytes),
        numbers_(bytes, bytes[0] == 'M' ? ByteOrder::big : ByteOrder::little),
        is_big_(numbers_.read(2, 2) == 43) {}

  std::size_t end() {
    waiting_.push_back(offset(is_big_ ? 8 : 4));
    for (std::size_t i = 0; i < waiting_.size() && i < kMostDirectories; ++i) visit(waiting_[i]);
    return end_;
  }

 private:
  struct Entry {
    std::uint32_t tag;
    std::vector<std::size_t> values;
  };

  std::size_t whole(std::size_t at, std::size_t size) const {
    if (size <= 4) return numbers_.read(at, size);
    const std::size_t first = numbers_.read(at, 4), second = numbers_.read(at + 4, 4);
    return bytes_[0] == 'M' ? first << 32 | second : second << 32 | first;
  }
  std::size_t offset(std::size_t at) const { return whole(at, is_big_ ? 8 : 4); }
  void reach(std::size_t at, std::size_t size) {
    if (at > bytes_.size()) return;
    end_ = std::max(end_, at + std::min(size, bytes_.size() - at));
  }

  // The values of one entry, wherever they lie.
  Entry read_entry(std::size_t at) {
    const std::size_t count = offset(at + 4), place = at + (is_big_ ? 12 : 8);
    const std::uint32_t type = numbers_.read(at + 2, 2);
    Entry entry{numbers_.read(at, 2), {}};
    if (type >= kTypeBytes.size() || count > bytes_.size()) return entry;
    const std::size_t size = kTypeBytes[type], in_place = is_big_ ? 8 : 4;
    const std::size_t from = count * size <= in_place ? place : offset(place);
    reach(from, count * size);
    const bool is_list = size == 2 || size == 4 || size == 8;
    for (std::size_t i = 0; is_list && i < count && from + (i + 1) * size <= bytes_.size(); ++i) {
      entry.values.push_back(whole(from + i * size, size));
    }
    return entry;
  }

  void visit(std::size_t at) {
    const std::size_t head = is_big_ ? 8 : 2, size = is_big_ ? 20 : 12;
    if (at == 0 || at >= bytes_.size()) return;
    const std::size_t count = whole(at, head);
    if (count > bytes_.size() / size) return;
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back(read_entry(at + head + i * size));
    reach(at, head + count * size + (is_big_ ? 8 : 4));
    for (const PlacedData& data : kPlacedData) reach_data(entries, data);
    for (const Entry& entry : entries) {
      if (std::find(kDirectories.begin(), kDirectories.end(), entry.tag) == kDirectories.end()) {
        continue;
      }
      for (const std::size_t place : entry.values) add_directory(place);
    }
    add_directory(offset(at + head + count * size));
  }

  void add_directory(std::size_t place) {
    const bool is_known = std::find(waiting_.begin(), waiting_.end(), place) != waiting_.end();
    if (place != 0 && !is_known && waiting_.size() < kMostDirectories) waiting_.push_back(place);
  }

  void reach_data(const std::vector<Entry>& entries, const PlacedData& data) {
    const auto values_of = [&](std::uint32_t tag) {
      for (const Entry& entry : entries) {
        if (entry.tag == tag) return entry.values;
      }
      return std::vector<std::size_t>();
    };
    const std::vector<std::size_t> offsets = values_of(data.offsets);
    const std::vector<std::size_t> counts = values_of(data.counts);
    for (std::size_t i = 0; i < std::min(offsets.size(), counts.size()); ++i) {
      reach(offsets[i], counts[i]);
    }
  }

  std::span<const std::uint8_t> bytes_;
  ByteNumbers numbers_;
  bool is_big_;
  std::vector<std::size_t> waiting_;  // places of directories
  std::size_t end_ = 0;
};

}  // namespace

std::size_t tiff_extent(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kHead = 8;
  if (bytes.size() < kHead) return bytes.size();
  const std::size_t end = TiffWalk(bytes).end();
  return end < kHead ? bytes.size() : end;
}

}  // namespace bnn
