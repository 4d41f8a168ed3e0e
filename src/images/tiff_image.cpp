#include "bnn/images/tiff_image.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tiffio.h>

#include "bnn/core/error.h"
#include "bnn/images/image_limits.h"
#include "bnn/images/orientation.h"

namespace bnn {
namespace {

constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 29;

// The file as libtiff reads it.
struct TiffSource {
  std::span<const std::uint8_t> bytes;
  std::uint64_t position = 0;
  bool ended = false;  // something beyond the end was asked for
};

TiffSource& source_of(thandle_t handle) { return *static_cast<TiffSource*>(handle); }

tmsize_t give_tiff_bytes(thandle_t handle, void* out, tmsize_t count) {
  TiffSource& source = source_of(handle);
  const std::uint64_t left =
      source.bytes.size() - std::min<std::uint64_t>(source.position, source.bytes.size());
  const std::uint64_t size = std::min(left, static_cast<std::uint64_t>(count));
  source.ended = source.ended || size < static_cast<std::uint64_t>(count);
  if (size > 0) std::memcpy(out, source.bytes.data() + source.position, size);
  source.position += size;
  return static_cast<tmsize_t>(size);
}

toff_t move_in_tiff(thandle_t handle, toff_t offset, int from) {
  TiffSource& source = source_of(handle);
  if (from == SEEK_CUR) offset += source.position;
  if (from == SEEK_END) offset += source.bytes.size();
  return source.position = offset;
}

int say_nothing_of_tiff(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct FreeTiffOptions {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

Tiff open_tiff(TiffSource& source, const std::string& name) {
  const std::unique_ptr<TIFFOpenOptions, FreeTiffOptions> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), say_nothing_of_tiff, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), say_nothing_of_tiff, nullptr);
  return Tiff(TIFFClientOpenExt(
      name.c_str(), "rm", &source, give_tiff_bytes,
      [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; }, move_in_tiff,
      [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return source_of(handle).bytes.size(); },
      [](thandle_t, void**, toff_t*) { return 0; }, [](thandle_t, void*, toff_t) {},
      options.get()));
}

// libtiff's view of an image, which turns every kind of pixel into red, green, blue and alpha. The
// colour is multiplied by alpha.
class TiffPixels {
 public:
  TiffPixels(TIFF* tiff, const TiffSource& source, const std::string& name)
      : source_(source), name_(name) {
    char reason[1024];
    if (TIFFRGBAImageOK(tiff, reason) == 0 ||
        TIFFRGBAImageBegin(&view_, tiff, /*stop=*/1, reason) == 0) {
      throw Error(ErrorKind::data,
                  name_ + (source_.ended ? ": the TIFF image ends too early"
                                         : ": this kind of TIFF image is not read; expected grey, "
                                           "palette or colour of 1 to 16 bits a sample"));
    }
  }
  ~TiffPixels() { TIFFRGBAImageEnd(&view_); }
  TiffPixels(const TiffPixels&) = delete;
  TiffPixels& operator=(const TiffPixels&) = delete;

  Image read() {
    require_few_pixels(name_, view_.height, view_.width);
    view_.req_orientation = view_.orientation;  // as stored: libtiff mirrors, but does not turn
    std::vector<std::uint32_t> pixels(std::size_t{view_.height} * view_.width);
    if (TIFFRGBAImageGet(&view_, pixels.data(), view_.width, view_.height) == 0) {
      throw Error(ErrorKind::data,
                  name_ + (source_.ended ? ": the TIFF image ends too early"
                                         : ": the TIFF image is damaged, or breaks TIFF's rules"));
    }
    const bool grey =
        view_.photometric == PHOTOMETRIC_MINISBLACK || view_.photometric == PHOTOMETRIC_MINISWHITE;
    Image image{static_cast<int>(view_.height), static_cast<int>(view_.width), grey ? 1 : 3, {}};
    image.bytes.reserve(image.shape().size());
    for (const std::uint32_t pixel : pixels) {
      const std::uint32_t white = 255 - TIFFGetA(pixel);
      const auto add = [&](std::uint32_t sample) {
        image.bytes.push_back(static_cast<std::uint8_t>(std::min(sample + white, 255u)));
      };
      add(TIFFGetR(pixel));
      if (grey) continue;
      add(TIFFGetG(pixel));
      add(TIFFGetB(pixel));
    }
    return upright(std::move(image), view_.orientation);
  }

 private:
  const TiffSource& source_;
  const std::string& name_;
  TIFFRGBAImage view_ = {};
};

}  // namespace

Image decode_tiff(std::span<const std::uint8_t> bytes, const std::string& name) {
  TiffSource source{bytes};
  const Tiff tiff = open_tiff(source, name);
  if (tiff == nullptr) {
    throw Error(ErrorKind::data,
                name + (source.ended ? ": the TIFF image ends too early"
                                     : ": the TIFF image is damaged, or breaks TIFF's rules"));
  }
  return TiffPixels(tiff.get(), source, name).read();
}

}  // namespace bnn
