#include "bnn/files/safetensors_header.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <set>
#include <tuple>

#include "bnn/core/error.h"
#include "bnn/core/json_events.h"
#include "bnn/core/json_reader.h"
#include "bnn/files/number_types.h"
#include "bnn/files/safetensors.h"

namespace bnn {
namespace {

// Receives the tokens of a header. The JSON library checks the grammar; this class checks that
// every token belongs where it stands.
class HeaderTokens final : public JsonEvents {
 public:
  explicit HeaderTokens(const std::string& source) : source_(source) {}

  SafetensorsHeader take() { return std::move(header_); }

  void null() override { unexpected("null"); }
  void boolean(bool) override { unexpected("a boolean"); }
  void integer(std::int64_t) override { unexpected("a negative number"); }
  void real(double) override { unexpected("a fraction"); }
  void unsigned_integer(std::uint64_t value) override;
  void string(std::string value) override;
  void start_object() override;
  void key(std::string value) override;
  void end_object() override;
  void start_list() override;
  void end_list() override;
  [[noreturn]] void syntax_error(std::size_t byte) override {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: header: not valid JSON at byte {} of the header", source_, byte));
  }
  [[noreturn]] void number_error() override { unexpected("a number that does not fit a double"); }

 private:
  enum class Place { before, top, metadata, tensor, shape, offsets, after };

  [[noreturn]] void fail(const std::string& sentence) const;
  [[noreturn]] void unexpected(const std::string& found) const;
  std::string expected() const;
  void begin_tensor(const std::string& name);
  void finish_tensor();

  const std::string& source_;
  SafetensorsHeader header_;
  Place place_ = Place::before;
  std::string key_;                     // of the value that comes next
  std::set<std::string> names_;         // keys of the top level
  std::set<std::string> fields_;        // keys of the current tensor
  std::vector<std::uint64_t> offsets_;  // of the current tensor
};

void HeaderTokens::fail(const std::string& sentence) const {
  std::string where = ": header";
  const bool inside = place_ == Place::tensor || place_ == Place::shape || place_ == Place::offsets;
  if (inside) where += ": tensor " + json_text(header_.entries.back().name);
  if (place_ == Place::metadata) where += ": __metadata__";
  throw Error(ErrorKind::checkpoint, source_ + where + ": " + sentence);
}

std::string HeaderTokens::expected() const {
  switch (place_) {
    case Place::metadata:
      return "a string as the value of " + json_text(key_);
    case Place::shape:
      return "dimensions to be whole numbers from 0 to 2^63 - 1";
    case Place::offsets:
      return "data_offsets to be whole numbers from 0 to 2^64 - 1";
    case Place::tensor:
      return key_ == "dtype" ? "a string as dtype" : "a list of whole numbers as " + key_;
    default:
      return key_.empty() ? "an object" : "an object as the value of " + json_text(key_);
  }
}

void HeaderTokens::unexpected(const std::string& found) const {
  fail("expected " + expected() + ", found " + found);
}

void HeaderTokens::unsigned_integer(std::uint64_t value) {
  if (place_ == Place::offsets) {
    if (offsets_.size() == 2) fail("expected two data_offsets, found more");
    offsets_.push_back(value);
    return;
  }
  if (place_ != Place::shape) unexpected("a number");
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    unexpected(std::to_string(value));
  }
  std::vector<std::int64_t>& shape = header_.entries.back().shape;
  if (shape.size() == kMaxTensorRank) {
    fail("expected at most " + std::to_string(kMaxTensorRank) + " dimensions, found more");
  }
  shape.push_back(static_cast<std::int64_t>(value));
}

void HeaderTokens::string(std::string value) {
  if (place_ == Place::metadata) {
    header_.metadata[key_] = std::move(value);
  } else if (place_ == Place::tensor && key_ == "dtype") {
    header_.entries.back().dtype = std::move(value);
  } else {
    unexpected("a string");
  }
}

void HeaderTokens::start_object() {
  if (place_ == Place::before) {
    place_ = Place::top;
  } else if (place_ == Place::top) {
    place_ = key_ == "__metadata__" ? Place::metadata : Place::tensor;
    if (place_ == Place::tensor) begin_tensor(key_);
  } else {
    unexpected("an object");
  }
}

void HeaderTokens::key(std::string value) {
  bool is_new = true;
  if (place_ == Place::top) {
    is_new = names_.insert(value).second;
  } else if (place_ == Place::metadata) {
    is_new = header_.metadata.emplace(value, "").second;
    if (header_.metadata.size() > kMaxSafetensorsMetadata) {
      fail("more than " + std::to_string(kMaxSafetensorsMetadata) + " entries");
    }
  } else {
    is_new = fields_.insert(value).second;
    if (value != "dtype" && value != "shape" && value != "data_offsets") {
      fail("unknown key " + json_text(value) + "; expected dtype, shape and data_offsets");
    }
  }
  if (!is_new) fail("key " + json_text(value) + " appears twice");
  key_ = std::move(value);
}

void HeaderTokens::begin_tensor(const std::string& name) {
  if (header_.entries.size() == kMaxSafetensorsTensors) {
    place_ = Place::top;
    fail("more than " + std::to_string(kMaxSafetensorsTensors) + " tensors");
  }
  header_.entries.emplace_back().name = name;
  fields_.clear();
  offsets_.clear();
  if (!is_tensor_name(name)) {
    fail("the name must have 1 to " + std::to_string(kMaxTensorName) +
         " bytes and no control characters");
  }
}

void HeaderTokens::end_object() {
  if (place_ == Place::tensor) finish_tensor();
  place_ = place_ == Place::top ? Place::after : Place::top;
}

void HeaderTokens::finish_tensor() {
  for (const char* field : {"dtype", "shape", "data_offsets"}) {
    if (!fields_.contains(field)) fail(std::string(field) + " is missing");
  }
  header_.entries.back().begin = offsets_[0];
  header_.entries.back().end = offsets_[1];
}

void HeaderTokens::start_list() {
  if (place_ != Place::tensor || key_ == "dtype") unexpected("a list");
  place_ = key_ == "shape" ? Place::shape : Place::offsets;
}

void HeaderTokens::end_list() {
  if (place_ == Place::offsets && offsets_.size() != 2) {
    fail("expected two data_offsets, found " + std::to_string(offsets_.size()));
  }
  place_ = Place::tensor;
}

// Bytes of a tensor of this shape, or false if they do not fit 64 bits.
bool byte_size(const std::vector<std::int64_t>& shape, std::size_t number, std::uint64_t& bytes) {
  bytes = number;
  for (const std::int64_t dimension : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dimension), &bytes)) return false;
  }
  return true;
}

void check_entry(const SafetensorsEntry& entry, std::uint64_t data_size, TensorNumbers numbers,
                 const std::string& source) {
  const std::string where = source + ": tensor " + json_text(entry.name) + ": ";
  const auto number = number_size(entry.dtype);
  if (numbers == TensorNumbers::any && !number) {
    throw Error(ErrorKind::checkpoint, where + "unknown dtype " + json_text(entry.dtype));
  }
  if (numbers == TensorNumbers::float32 && entry.dtype != "F32") {
    throw Error(ErrorKind::checkpoint,
                where + "expected dtype \"F32\", found " + json_text(entry.dtype));
  }
  if (entry.begin > entry.end || entry.end > data_size) {
    throw Error(ErrorKind::checkpoint, where + "data_offsets [" + std::to_string(entry.begin) +
                                           ", " + std::to_string(entry.end) +
                                           "] do not lie in order within the " +
                                           std::to_string(data_size) + " bytes of data");
  }
  std::uint64_t bytes = 0;
  if (!byte_size(entry.shape, *number, bytes)) {
    throw Error(ErrorKind::checkpoint, where + "the shape is larger than any file");
  }
  if (bytes != entry.end - entry.begin) {
    throw Error(ErrorKind::checkpoint, where + "the shape needs " + std::to_string(bytes) +
                                           " bytes, but data_offsets span " +
                                           std::to_string(entry.end - entry.begin));
  }
}

// Expects entries sorted by the start of their data.
void check_tiling(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_size,
                  const std::string& source) {
  std::uint64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered) {
      throw Error(ErrorKind::checkpoint,
                  source + ": tensor " + json_text(entry.name) +
                      (entry.begin < covered ? " overlaps another" : " leaves a hole before it") +
                      "; expected its data at byte " + std::to_string(covered) + ", found " +
                      std::to_string(entry.begin));
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw Error(ErrorKind::checkpoint, source + ": expected " + std::to_string(covered) +
                                           " bytes of data behind the header, found " +
                                           std::to_string(data_size));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size,
                                           const std::string& source, TensorNumbers numbers) {
  if (text.empty() || text.front() != '{') {
    throw Error(ErrorKind::checkpoint, source + ": header: expected JSON that begins with '{'");
  }
  // The library takes a NUL byte for the end of its input.
  if (text.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::checkpoint, source + ": header: NUL byte in JSON text");
  }
  HeaderTokens tokens(source);
  read_json_events(text, tokens);
  SafetensorsHeader header = tokens.take();
  for (const SafetensorsEntry& entry : header.entries)
    check_entry(entry, data_size, numbers, source);
  std::sort(header.entries.begin(), header.entries.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  check_tiling(header.entries, data_size, source);
  return header;
}

}  // namespace bnn
