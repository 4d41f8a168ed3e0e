#include "tensor_mutation.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "json_mutation.h"

namespace bnn::proof {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr auto kValues = std::to_array<float>({kNan,
                                               kInfinity,
                                               -kInfinity,
                                               0.0f,
                                               -0.0f,
                                               1.0f,
                                               -1.0f,
                                               1e-45f,
                                               -1e-45f,
                                               1e-38f,
                                               1e-30f,
                                               1e-9f,
                                               -1e-9f,
                                               1e5f,
                                               -1e5f,
                                               88.8f,
                                               -104.0f,
                                               1e19f,
                                               1e30f,
                                               -1e30f,
                                               1e38f,
                                               -1e38f,
                                               std::numeric_limits<float>::max(),
                                               std::numeric_limits<float>::lowest()});

// Where a tensor lies, as the header says it.
struct Extent {
  std::size_t begin = 0, end = 0;

  std::size_t size() const { return end - begin; }
};

std::optional<std::size_t> number_of(const JsonNode& node) {
  const std::string& token = node.token;
  const bool plain = !token.empty() && token.size() < 10 &&
                     token.find_first_not_of("0123456789") == std::string::npos;
  return plain ? std::optional<std::size_t>(std::stoul(token)) : std::nullopt;
}

std::optional<Extent> extent_of(JsonNode& entry, const std::string& data) {
  const JsonNode* offsets = entry.find("data_offsets");
  if (offsets == nullptr || offsets->items.size() != 2) return std::nullopt;
  const auto begin = number_of(offsets->items[0]), end = number_of(offsets->items[1]);
  if (!begin || !end || *begin > *end || *end > data.size()) return std::nullopt;
  return Extent{*begin, *end};
}

void set_extent(JsonNode& entry, const Extent& extent) {
  JsonNode* offsets = entry.find("data_offsets");
  offsets->items = {scalar(std::to_string(extent.begin)), scalar(std::to_string(extent.end))};
}

// Tensors of the file, by their places among the keys of the header.
std::vector<std::size_t> tensors_of(const TensorFile& file) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < file.header.keys.size(); ++i) {
    if (file.header.keys[i] != "\"__metadata__\"") list.push_back(i);
  }
  return list;
}

// Moves the data behind a place, and the offsets that lie there.
void shift(TensorFile& file, std::size_t from, std::ptrdiff_t by) {
  for (const std::size_t i : tensors_of(file)) {
    JsonNode& entry = file.header.items[i];
    std::optional<Extent> extent = extent_of(entry, file.data);
    if (!extent || extent->begin < from) continue;
    extent->begin += static_cast<std::size_t>(by);
    extent->end += static_cast<std::size_t>(by);
    set_extent(entry, *extent);
  }
}

void change_values(TensorFile& file, const Extent& extent, Random& random) {
  const std::size_t count = extent.size() / sizeof(float);
  if (count == 0) return;
  const auto set = [&](std::size_t i, float value) {
    std::memcpy(file.data.data() + extent.begin + i * sizeof(float), &value, sizeof value);
  };
  const std::size_t one = random.below(count);
  const float value = random.pick(kValues);
  switch (random.below(4)) {
    case 0:
      for (std::size_t i = 0; i < count; ++i) set(i, value);
      return;
    case 1:
      return set(one, std::bit_cast<float>(static_cast<std::uint32_t>(random.bits())));
    case 2:
      file.data[extent.begin + random.below(extent.size())] ^=
          static_cast<char>(1u << random.below(8));
      return;
    default:
      return set(one, value);
  }
}

void swap_values(TensorFile& file, const Extent& extent, Random& random) {
  std::vector<Extent> same;
  for (const std::size_t i : tensors_of(file)) {
    const std::optional<Extent> other = extent_of(file.header.items[i], file.data);
    if (other && other->size() == extent.size() && other->begin != extent.begin) {
      same.push_back(*other);
    }
  }
  if (same.empty()) return;
  const auto data = file.data.begin();
  const auto first = data + static_cast<std::ptrdiff_t>(extent.begin);
  std::swap_ranges(first, first + static_cast<std::ptrdiff_t>(extent.size()),
                   data + static_cast<std::ptrdiff_t>(random.pick(same).begin));
}

void change_shape(JsonNode& entry, Random& random) {
  JsonNode* shape = entry.find("shape");
  if (shape == nullptr || shape->kind == JsonNode::Kind::object) return;  // of an earlier change
  std::vector<JsonNode>& sides = shape->items;
  switch (random.below(sides.empty() ? 2 : 5)) {
    case 0:
      sides.push_back(scalar(random.chance(60) ? "1" : hostile_number(random)));
      return;
    case 1:
      sides.assign(random.pick(std::to_array<std::size_t>({0, 31, 32, 33, 5000})), scalar("1"));
      return;
    case 2:
      std::swap(sides[random.below(sides.size())], sides[random.below(sides.size())]);
      std::reverse(sides.begin(), sides.end());
      return;
    case 3:
      sides.erase(sides.begin() + static_cast<std::ptrdiff_t>(random.below(sides.size())));
      return;
    default:
      sides[random.below(sides.size())] = scalar(hostile_number(random));
  }
}

void change_offsets(JsonNode& entry, std::size_t data_size, Random& random) {
  JsonNode* offsets = entry.find("data_offsets");
  if (offsets == nullptr || offsets->items.size() != 2) return;
  JsonNode& one = offsets->items[random.below(2)];
  switch (random.below(4)) {
    case 0:
      return std::swap(offsets->items[0], offsets->items[1]);
    case 1:
      one = scalar(std::to_string(random.below(data_size + 8)));
      return;
    case 2:
      one = scalar(hostile_number(random));
      return;
    default:
      offsets->items[0] = offsets->items[1];
  }
}

void remove_tensor(TensorFile& file, std::size_t at, const Extent& extent) {
  const auto place = static_cast<std::ptrdiff_t>(at);
  file.header.keys.erase(file.header.keys.begin() + place);
  file.header.items.erase(file.header.items.begin() + place);
  shift(file, extent.end, -static_cast<std::ptrdiff_t>(extent.size()));
  file.data.erase(extent.begin, extent.size());
}

void copy_tensor(TensorFile& file, std::size_t at, const Extent& extent, Random& random) {
  JsonNode copy = file.header.items[at];
  const std::string name = unquoted(file.header.keys[at]);
  constexpr auto kFirst = std::to_array<const char*>({"best:", "optimizer/m/", "x/", ""});
  file.header.keys.push_back(
      quoted(random.chance(70) ? random.pick(kFirst) + name : hostile_name(random)));
  set_extent(copy, {file.data.size(), file.data.size() + extent.size()});
  file.header.items.push_back(std::move(copy));
  file.data += file.data.substr(extent.begin, extent.size());
}

}  // namespace

void mutate_tensors(TensorFile& file, Random& random) {
  const std::vector<std::size_t> list = tensors_of(file);
  if (list.empty()) return;
  const std::size_t at = random.pick(list), other = random.pick(list);
  JsonNode& entry = file.header.items[at];
  const std::optional<Extent> extent = extent_of(entry, file.data);
  JsonNode* other_offsets = file.header.items[other].find("data_offsets");
  JsonNode* dtype = entry.find("dtype");
  if (!extent || other_offsets == nullptr || dtype == nullptr) return;  // changed before
  constexpr auto kTypes =
      std::to_array<const char*>({"F64", "F16", "BF16", "I32", "f32", "F4", "BOOL", "", "U8"});
  switch (random.below(16)) {
    case 0:
      return change_offsets(entry, file.data.size(), random);
    case 1:
      return std::swap(*other_offsets, *entry.find("data_offsets"));
    case 2:
      return change_shape(entry, random);
    case 3:
      *dtype = scalar(quoted(random.pick(kTypes)));
      return;
    case 4:
      file.header.keys[at] =
          random.chance(50) ? file.header.keys[other] : quoted(hostile_name(random));
      return;
    case 5:
      return remove_tensor(file, at, *extent);
    case 6:
      return copy_tensor(file, at, *extent, random);
    case 7:
      shift(file, extent->begin, 4);
      file.data.insert(extent->begin, 4, '\0');
      return;
    case 8:
      file.data.resize(random.below(file.data.size() + 64), 'x');
      return;
    case 9:
      return swap_values(file, *extent, random);
    case 10:
      std::swap(file.header.keys[at], file.header.keys[other]);
      return;
    default:
      return change_values(file, *extent, random);
  }
}

void mutate_bytes(std::string& bytes, Random& random) {
  constexpr auto kLengths = std::to_array<std::uint64_t>(
      {0, 1, 2, 7, 8, 1u << 24u, (1u << 24u) + 1, (1u << 31u) - 1, 1u << 31u, ~std::uint64_t{0},
       std::uint64_t{1} << 32u, std::uint64_t{1} << 53u, std::uint64_t{1} << 63u});
  constexpr auto kTexts =
      std::to_array<const char*>({"\xef\xbb\xbf", " ", "\xff", "// x\n", "{", "}", "[", "]", "\"",
                                  "\\", ",", "\\u", "null", "\x01", "1e999", "PK\x03\x04"});
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  const auto header = static_cast<std::size_t>(length);
  switch (random.below(4)) {
    case 0:
      length = random.chance(50) ? random.pick(kLengths) : length + random.below(17) - 8;
      break;
    case 1: {
      const std::string text = random.pick(kTexts);
      bytes.insert(8 + random.below(header + 1), text);
      length += text.size();
      break;
    }
    case 2:
      bytes[8 + random.below(header)] = static_cast<char>(random.below(256));
      break;
    default: {
      const std::size_t at = random.below(header), count = random.below(header - at);
      bytes.erase(8 + at, count);
      length -= count;
    }
  }
  std::memcpy(bytes.data(), &length, sizeof length);
}

}  // namespace bnn::proof
