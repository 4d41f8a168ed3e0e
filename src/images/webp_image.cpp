#include "bnn/images/webp_image.h"

#include <algorithm>
#include <memory>
#include <webp/decode.h>
#include <webp/demux.h>

#include "bnn/core/error.h"
#include "bnn/images/image_limits.h"
#include "bnn/images/orientation.h"

namespace bnn {
namespace {

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DeleteDemuxer>;

[[noreturn]] void refuse_webp(const std::string& name, bool ended) {
  throw Error(ErrorKind::data,
              name + (ended ? ": the WebP image ends too early"
                            : ": the WebP image is damaged, or breaks WebP's rules"));
}

Demuxer open_webp(std::span<const std::uint8_t> bytes, const std::string& name) {
  const WebPData data{bytes.data(), bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  Demuxer demuxer(WebPDemuxPartial(&data, &state));
  if (demuxer == nullptr || state != WEBP_DEMUX_DONE) {
    refuse_webp(name, state == WEBP_DEMUX_PARSING_HEADER || state == WEBP_DEMUX_PARSED_HEADER);
  }
  return demuxer;
}

// The first frame: red, green, blue and alpha, over white where it is transparent.
Image decode_frame(const WebPIterator& frame, const std::string& name) {
  Image image{frame.height, frame.width, 4, {}};
  image.bytes.resize(image.shape().size());
  const std::uint8_t* decoded =
      WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, image.bytes.data(),
                         image.bytes.size(), 4 * frame.width);
  if (decoded == nullptr) refuse_webp(name, false);
  lay_over_white(image.bytes, 4);
  image.channels = 3;
  return image;
}

Image on_canvas(const Image& frame, int top, int left, int height, int width) {
  if (frame.height == height && frame.width == width) return frame;
  Image canvas{height, width, 3, {}};
  canvas.bytes.assign(canvas.shape().size(), 255);
  const std::ptrdiff_t row = std::ptrdiff_t{3} * frame.width;
  for (int y = 0; y < frame.height; ++y) {
    std::copy_n(frame.bytes.begin() + y * row, row,
                canvas.bytes.begin() + (std::ptrdiff_t{top + y} * width + left) * 3);
  }
  return canvas;
}

int orientation_of(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk;
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    orientation = exif_orientation({chunk.chunk.bytes, chunk.chunk.size});
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

Image decode_webp(std::span<const std::uint8_t> bytes, const std::string& name) {
  const Demuxer demuxer = open_webp(bytes, name);
  const std::uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  const std::uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  require_few_pixels(name, height, width);
  WebPIterator frame;
  const std::unique_ptr<WebPIterator, void (*)(WebPIterator*)> release(&frame,
                                                                       WebPDemuxReleaseIterator);
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) refuse_webp(name, false);
  Image image = on_canvas(decode_frame(frame, name), frame.y_offset, frame.x_offset,
                          static_cast<int>(height), static_cast<int>(width));
  return upright(std::move(image), orientation_of(demuxer.get()));
}

}  // namespace bnn
