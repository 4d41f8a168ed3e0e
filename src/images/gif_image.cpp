#include "bnn/images/gif_image.h"

#include <algorithm>
#include <cstring>
#include <gif_lib.h>
#include <memory>

#include "bnn/core/error.h"
#include "bnn/images/image_limits.h"

namespace bnn {
namespace {

struct GifSource {
  std::span<const std::uint8_t> left;
  bool ended = false;  // more was asked for
};

int give_gif_bytes(GifFileType* gif, GifByteType* out, int count) {
  auto& source = *static_cast<GifSource*>(gif->UserData);
  const std::size_t size = std::min(source.left.size(), static_cast<std::size_t>(count));
  std::memcpy(out, source.left.data(), size);
  source.left = source.left.subspan(size);
  source.ended = source.ended || size < static_cast<std::size_t>(count);
  return static_cast<int>(size);
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

// The rows of an interlaced frame come in four passes.
struct InterlacePass {
  int first, step;
};
constexpr InterlacePass kInterlacePasses[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

class GifDecoder {
 public:
  GifDecoder(std::span<const std::uint8_t> bytes, const std::string& name)
      : name_(name), source_{bytes} {}

  Image decode() {
    gif_.reset(DGifOpen(&source_, give_gif_bytes, nullptr));
    if (gif_ == nullptr) fail();
    find_frame();
    const GifImageDesc& frame = gif_->Image;
    const int height = std::max(gif_->SHeight, frame.Top + frame.Height);
    const int width = std::max(gif_->SWidth, frame.Left + frame.Width);
    require_few_pixels(name_, static_cast<std::uint64_t>(height),
                       static_cast<std::uint64_t>(width));
    Image image{height, width, 3, {}};
    image.bytes.assign(image.shape().size(), 255);
    read_frame(image);
    return image;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::data,
                name_ + (source_.ended ? ": the GIF image ends too early"
                                       : ": the GIF image is damaged, or breaks GIF's rules"));
  }
  void require(int result) const {
    if (result == GIF_ERROR) fail();
  }

  // Goes on to the first frame, past what stands before it.
  void find_frame() {
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      require(DGifGetRecordType(gif_.get(), &type));
      if (type == IMAGE_DESC_RECORD_TYPE) break;
      if (type != EXTENSION_RECORD_TYPE) {
        throw Error(ErrorKind::data, name_ + ": the GIF image holds no frame");
      }
      read_extension();
    }
    require(DGifGetImageDesc(gif_.get()));
  }

  void read_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    require(DGifGetExtension(gif_.get(), &code, &block));
    while (block != nullptr) {
      GraphicsControlBlock control;
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      require(DGifGetExtensionNext(gif_.get(), &block));
    }
  }

  void read_frame(Image& image) {
    const GifImageDesc& frame = gif_->Image;
    const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    if (colours == nullptr) throw Error(ErrorKind::data, name_ + ": the GIF image has no palette");
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
    const auto read_row = [&](int y) {
      require(DGifGetLine(gif_.get(), row.data(), frame.Width));
      std::uint8_t* out = image.bytes.data() + (static_cast<std::size_t>(frame.Top + y) *
                                                    static_cast<std::size_t>(image.width) +
                                                static_cast<std::size_t>(frame.Left)) *
                                                   3;
      for (const GifPixelType index : row) {
        if (index != transparent_ && index < colours->ColorCount) {
          const GifColorType& colour = colours->Colors[index];
          out[0] = colour.Red;
          out[1] = colour.Green;
          out[2] = colour.Blue;
        }
        out += 3;
      }
    };
    if (!frame.Interlace) {
      for (int y = 0; y < frame.Height; ++y) read_row(y);
      return;
    }
    for (const auto& [first, step] : kInterlacePasses) {
      for (int y = first; y < frame.Height; y += step) read_row(y);
    }
  }

  const std::string& name_;
  GifSource source_;
  std::unique_ptr<GifFileType, CloseGif> gif_;
  int transparent_ = NO_TRANSPARENT_COLOR;
};

}  // namespace

Image decode_gif(std::span<const std::uint8_t> bytes, const std::string& name) {
  return GifDecoder(bytes, name).decode();
}

}  // namespace bnn
