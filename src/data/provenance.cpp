#include "bnn/data/provenance.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

constexpr std::size_t kMostExamples = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void Provenance::add(const std::string& name, std::size_t count) {
  if (count > kMostExamples - size()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: more than {} examples in all", shown_path(name), kMostExamples));
  }
  files_.push_back({name, size(), count});
}

void Provenance::append_file(const std::string& name, std::size_t count) {
  if (has_stream_names()) {
    throw Error(ErrorKind::internal, "examples without stream names after others with them");
  }
  add(name, count);
}

void Provenance::append_file(const std::string& name, std::span<const std::uint32_t> stream_names) {
  if (stream_names_.size() != size()) {
    throw Error(ErrorKind::internal, "examples with stream names after others without");
  }
  add(name, stream_names.size());
  stream_names_.insert(stream_names_.end(), stream_names.begin(), stream_names.end());
}

std::size_t Provenance::size() const {
  return files_.empty() ? 0 : files_.back().first + files_.back().count;
}

const Provenance::File& Provenance::file_of(std::size_t example) const {
  const auto after =
      std::upper_bound(files_.begin(), files_.end(), example,
                       [](std::size_t value, const File& file) { return value < file.first; });
  return *(after - 1);
}

std::uint32_t Provenance::index_in_file(std::size_t example) const {
  return static_cast<std::uint32_t>(example - file_of(example).first);
}

}  // namespace bnn
