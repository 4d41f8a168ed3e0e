#include "bnn/images/png_image.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <png.h>

#include "bnn/core/error.h"
#include "bnn/images/image_limits.h"
#include "bnn/images/long_jump.h"
#include "bnn/images/orientation.h"

namespace bnn {
namespace {

constexpr png_byte kExifChunk[] = "eXIf";
constexpr png_alloc_size_t kMaxChunkBytes = 8'000'000;
constexpr std::uint64_t kMaxDeflateRatio = 1032;  // no byte of deflate gives more (zlib's manual)

// What libpng's callbacks reach; without destructors, since they leave by longjmp.
struct PngSource {
  std::jmp_buf jump;
  const std::uint8_t* next = nullptr;
  std::size_t left = 0;
  bool ended = false;
};

[[noreturn]] void leave(png_structp png, png_const_charp) {
  std::longjmp(static_cast<PngSource*>(png_get_error_ptr(png))->jump, 1);
}

void give_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (count > source->left) {
    source->ended = true;
    leave(png, "");
  }
  std::memcpy(out, source->next, count);
  source->next += count;
  source->left -= count;
}

class PngDecoder {
 public:
  PngDecoder(std::span<const std::uint8_t> bytes, const std::string& name)
      : name_(name), file_bytes_(bytes.size()) {
    source_.next = bytes.data();
    source_.left = bytes.size();
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  Image decode() {
    run([](void* self) { static_cast<PngDecoder*>(self)->open(); });
    if (info_ == nullptr) throw std::bad_alloc();
    run([](void* self) { static_cast<PngDecoder*>(self)->read_header(); });
    check_size();
    run([](void* self) { static_cast<PngDecoder*>(self)->start(); });
    std::vector<std::uint8_t> samples(row_bytes_ * height_);
    pixels_ = samples.data();
    run([](void* self) { static_cast<PngDecoder*>(self)->read_rows(); });
    return finished(std::move(samples));
  }

 private:
  void run(void (*step)(void*)) {
    if (ends_without_jump(source_.jump, step, this)) return;
    throw Error(ErrorKind::data,
                name_ + (source_.ended ? ": the PNG image ends too early"
                                       : ": the PNG image is damaged, or breaks PNG's rules"));
  }

  // The steps, which call libpng, and nothing that has a destructor.
  void open() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, leave, leave);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  void read_header() {
    png_set_read_fn(png_, &source_, give_bytes);
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // all that is optional
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, kExifChunk, 1);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_size says it in words
    png_set_chunk_malloc_max(png_, kMaxChunkBytes);
    png_read_info(png_, info_);
    width_ = png_get_image_width(png_, info_);
    height_ = png_get_image_height(png_, info_);
    pixel_bits_ = std::uint64_t{png_get_bit_depth(png_, info_)} * png_get_channels(png_, info_);
  }
  void start() {
    png_set_expand(png_);  // palettes to colours, samples to 8 bits or more, tRNS to alpha
    png_set_scale_16(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels_ = png_get_channels(png_, info_);
    row_bytes_ = png_get_rowbytes(png_, info_);
  }
  void read_rows() {
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t row = 0; row < height_; ++row) {
        png_read_row(png_, pixels_ + row * row_bytes_, nullptr);
      }
    }
    png_read_end(png_, info_);  // EXIF data may follow the pixels
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &exif) != 0)
      orientation_ = exif_orientation({exif, size});
  }

  void check_size() const {
    require_few_pixels(name_, height_, width_);
    const std::uint64_t pixels = std::uint64_t{width_} * height_;
    if (pixels * pixel_bits_ / 8 > kMaxDeflateRatio * file_bytes_) {
      refuse_size(name_, height_, width_,
                  fmt::format("file's {} bytes can stand for", file_bytes_));
    }
  }

  Image finished(std::vector<std::uint8_t> samples) const {
    Image image{static_cast<int>(height_), static_cast<int>(width_), channels_, {}};
    if (channels_ == 2 || channels_ == 4) {
      image.channels = channels_ - 1;
      lay_over_white(samples, static_cast<std::size_t>(channels_));
    }
    image.bytes = std::move(samples);
    return upright(std::move(image), orientation_);
  }

  const std::string& name_;
  std::size_t file_bytes_;
  PngSource source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  png_uint_32 width_ = 0, height_ = 0;
  std::uint64_t pixel_bits_ = 0;
  int orientation_ = 1;
  int passes_ = 1;
  int channels_ = 0;
  std::size_t row_bytes_ = 0;
  std::uint8_t* pixels_ = nullptr;
};

}  // namespace

Image decode_png(std::span<const std::uint8_t> bytes, const std::string& name) {
  return PngDecoder(bytes, name).decode();
}

}  // namespace bnn
