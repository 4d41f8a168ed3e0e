#include "bnn/images/jpeg_image.h"

#include <cstdio>
#include <jpeglib.h>
// jerror.h builds on jpeglib.h.
#include <fmt/format.h>
#include <jerror.h>

#include "bnn/core/error.h"
#include "bnn/images/image_limits.h"
#include "bnn/images/long_jump.h"
#include "bnn/images/orientation.h"

namespace bnn {
namespace {

constexpr int kMaxScans = 100;
constexpr unsigned kMaxMarkerBytes = 0xffff;

// What libjpeg's callbacks reach; without destructors, since they leave by longjmp.
struct JpegFailure {
  std::jmp_buf jump;
  int message = 0;
  bool too_many_scans = false;
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* failure = static_cast<JpegFailure*>(info->client_data);
  failure->message = info->err->msg_code;
  std::longjmp(failure->jump, 1);
}

// Levels below 0 are warnings: the data are damaged and libjpeg would make something up.
void on_message(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

void say_nothing(j_common_ptr) {}

void count_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  static_cast<JpegFailure*>(info->client_data)->too_many_scans = true;
  leave(info);
}

class JpegDecoder {
 public:
  JpegDecoder(std::span<const std::uint8_t> bytes, const std::string& name)
      : name_(name), bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = &failure_;
    errors_.error_exit = leave;
    errors_.emit_message = on_message;
    errors_.output_message = say_nothing;
    progress_.progress_monitor = count_scans;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Image decode() {
    run([](void* self) { static_cast<JpegDecoder*>(self)->read_header(); });
    const int stored_orientation = orientation();  // finishing frees the markers
    check_size();
    choose_colours();
    run([](void* self) { static_cast<JpegDecoder*>(self)->start(); });
    const auto channels = static_cast<std::size_t>(info_.output_components);
    row_bytes_ = channels * info_.output_width;
    std::vector<std::uint8_t> samples(row_bytes_ * info_.output_height);
    pixels_ = samples.data();
    run([](void* self) { static_cast<JpegDecoder*>(self)->read_rows(); });
    if (info_.out_color_space == JCS_CMYK) mix_inks(samples);
    return upright({static_cast<int>(info_.output_height), static_cast<int>(info_.output_width),
                    info_.out_color_space == JCS_GRAYSCALE ? 1 : 3, std::move(samples)},
                   stored_orientation);
  }

 private:
  void run(void (*step)(void*)) {
    if (!ends_without_jump(failure_.jump, step, this)) fail(fault());
  }

  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(ErrorKind::data, fmt::format("{}: {}", name_, sentence));
  }

  std::string fault() const {
    if (failure_.too_many_scans) {
      return fmt::format("the JPEG image has more than {} scans", kMaxScans);
    }
    switch (failure_.message) {
      case JWRN_JPEG_EOF:
      case JERR_INPUT_EOF:
      case JERR_INPUT_EMPTY:
        return "the JPEG image ends too early";
      case JERR_SOF_UNSUPPORTED:
      case JERR_BAD_PRECISION:
      case JERR_CONVERSION_NOTIMPL:
        return "this kind of JPEG image is not read; expected baseline or progressive, 8 bits a "
               "sample";
      default:
        return "the JPEG image is damaged, or breaks JPEG's rules";
    }
  }

  // The steps, which call libjpeg, and nothing that has a destructor.
  void read_header() {
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
    jpeg_save_markers(&info_, JPEG_APP0 + 1, kMaxMarkerBytes);  // where EXIF data are
    jpeg_read_header(&info_, TRUE);
  }
  void start() { jpeg_start_decompress(&info_); }
  void read_rows() {
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels_ + info_.output_scanline * row_bytes_;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);  // goes on to the end mark
  }

  // Other programs put other things into APP1 as well, so the first that gives an orientation
  // counts.
  int orientation() const {
    for (auto marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const int found = exif_orientation({marker->data, marker->data_length});
      if (found != 1) return found;
    }
    return 1;
  }

  void check_size() const {
    if (info_.arith_code) fail("this kind of JPEG image (arithmetic coding) is not read");
    require_few_pixels(name_, info_.image_height, info_.image_width);
    // Each block of 8 x 8 samples has at least one bit.
    std::uint64_t blocks = 0;
    for (int i = 0; i < info_.num_components; ++i) {
      const jpeg_component_info& component = info_.comp_info[i];
      blocks += std::uint64_t{component.width_in_blocks} * component.height_in_blocks;
    }
    if (blocks / 8 > bytes_.size()) {
      refuse_size(name_, info_.image_height, info_.image_width,
                  fmt::format("file's {} bytes can stand for", bytes_.size()));
    }
  }

  void choose_colours() {
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        info_.out_color_space = JCS_GRAYSCALE;
        break;
      case JCS_YCbCr:
      case JCS_RGB:
        info_.out_color_space = JCS_RGB;
        break;
      case JCS_CMYK:
      case JCS_YCCK:
        info_.out_color_space = JCS_CMYK;
        break;
      default:
        fail(fmt::format("a JPEG image of {} components is not read; expected grey, colour or CMYK",
                         info_.num_components));
    }
  }

  // Adobe's programs store inks inverted (255 is no ink) and leave a mark.
  void mix_inks(std::vector<std::uint8_t>& samples) const {
    const unsigned flip = info_.saw_Adobe_marker ? 0 : 255;
    std::size_t out = 0;
    for (std::size_t in = 0; in < samples.size(); in += 4) {
      const unsigned key = samples[in + 3] ^ flip;
      for (std::size_t c = 0; c < 3; ++c) {
        samples[out++] = static_cast<std::uint8_t>(((samples[in + c] ^ flip) * key + 127) / 255);
      }
    }
    samples.resize(out);
  }

  const std::string& name_;
  std::span<const std::uint8_t> bytes_;
  JpegFailure failure_;
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  jpeg_decompress_struct info_ = {};
  std::size_t row_bytes_ = 0;
  std::uint8_t* pixels_ = nullptr;
};

}  // namespace

Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name) {
  return JpegDecoder(bytes, name).decode();
}

}  // namespace bnn
