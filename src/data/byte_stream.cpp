#include "bnn/data/byte_stream.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <new>
#include <zlib.h>

#include "bnn/core/error.h"

namespace bnn {
namespace {

constexpr std::size_t kBufferSize = std::size_t{64} << 10;
constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks zlib for gzip's framing

uInt zlib_count(std::size_t count) {
  return static_cast<uInt>(std::min<std::size_t>(count, std::numeric_limits<uInt>::max()));
}

}  // namespace

// zlib keeps a pointer back to its z_stream, so this must not move.
struct ByteStream::Inflater {
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream = {};
  bool between_members = false;  // the last member is complete, its checksum right
};

ByteStream::ByteStream(InputFile file) : file_(std::move(file)), buffer_(kBufferSize) {
  refill();
  const bool gzip = ahead_.size() >= 2 && ahead_[0] == 0x1f && ahead_[1] == 0x8b;
  if (gzip) inflater_ = std::make_unique<Inflater>();
}

ByteStream::~ByteStream() = default;

std::optional<std::uint64_t> ByteStream::size() const {
  return inflater_ == nullptr ? file_.size() : std::nullopt;
}

std::size_t ByteStream::read(std::span<std::uint8_t> out) {
  return inflater_ == nullptr ? read_plain(out) : read_compressed(out);
}

// Returns false at the end of the file.
bool ByteStream::refill() {
  ahead_ = {buffer_.data(), file_.read(buffer_)};
  return !ahead_.empty();
}

std::size_t ByteStream::read_plain(std::span<std::uint8_t> out) {
  const std::size_t buffered = std::min(out.size(), ahead_.size());
  std::copy_n(ahead_.begin(), buffered, out.begin());
  ahead_ = ahead_.subspan(buffered);
  return buffered + file_.read(out.subspan(buffered));
}

std::size_t ByteStream::read_compressed(std::span<std::uint8_t> out) {
  z_stream& stream = inflater_->stream;
  std::size_t done = 0;
  while (done < out.size()) {
    if (ahead_.empty() && !refill()) {
      if (inflater_->between_members) break;
      throw Error(ErrorKind::data,
                  fmt::format("{}: the gzip-compressed data ends too early", name()));
    }
    if (inflater_->between_members) {
      inflateReset(&stream);
      inflater_->between_members = false;
    }
    // zlib's interface is not const-correct; it does not write to its input.
    stream.next_in = const_cast<std::uint8_t*>(ahead_.data());
    stream.avail_in = zlib_count(ahead_.size());
    stream.next_out = out.data() + done;
    stream.avail_out = zlib_count(out.size() - done);
    const int result = inflate(&stream, Z_NO_FLUSH);
    ahead_ = ahead_.last(ahead_.size() - static_cast<std::size_t>(stream.next_in - ahead_.data()));
    done = static_cast<std::size_t>(stream.next_out - out.data());
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END) {
      throw Error(ErrorKind::data, fmt::format("{}: the gzip-compressed data is damaged", name()));
    }
    inflater_->between_members = result == Z_STREAM_END;
  }
  return done;
}

}  // namespace bnn
