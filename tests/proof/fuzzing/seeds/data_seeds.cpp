#include <zlib.h>

#include "bnn/files/event_file.h"
#include "seeds/seeds.h"

namespace bnn::fuzzing {
namespace {

using testing::Bytes;

Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// One record of the small shape, after the bytes that choose a format.
Bytes cifar_seed(std::uint8_t format, std::size_t record) {
  Bytes bytes = {format, 0, 0};
  for (std::size_t i = 0; i < record; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 3));
  return bytes;
}

Bytes idx_seed(const Bytes& labels, const Bytes& images) {
  const Bytes length = {static_cast<std::uint8_t>(labels.size()), 0};
  return joined(joined(length, labels), images);
}

Bytes compressed(const Bytes& bytes) {
  Bytes out(200);
  z_stream stream = {};
  constexpr int kGzip = 15 + 16;
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  Bytes copy = bytes;
  stream.next_in = copy.data();
  stream.avail_in = static_cast<unsigned>(copy.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<unsigned>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

void add_data_seeds(const AddSeed& add) {
  add("cifar", cifar_seed(0, 2 * 7));
  add("cifar", cifar_seed(129, 2 * 19));
  add("cifar", cifar_seed(1, 3073));
  add("cifar", cifar_seed(2, 3074));
  const Bytes labels = joined(testing::idx_header({2}), {3, 9});
  const Bytes images = testing::idx_image_bytes(2, 3, 2);
  add("idx", idx_seed(labels, images));
  add("idx", idx_seed(compressed(labels), compressed(images)));
  add("csv", bytes_of("0file,label\n0.png,cat\n1.png,dog\n\"a b.png\",cat\n"));
  add("csv", bytes_of("1label,file\n7,0\r\n10,1\r\n"));
  add("csv", bytes_of("2file,label\n2.png,x\n0.png,\"y\"\"z\"\n"));
  const std::string names("cat/1.png\0dog/22.png\0dog/3.png\0.hidden\0notes.txt", 49);
  add("class_folders", bytes_of(names));
  std::string events = version_record(1.5) + start_record(2, 1);
  for (std::uint64_t step = 1; step < 4; ++step) {
    events +=
        summary_record(3, step, {{"loss", 0.25}, {"sigma", log_histogram(3, [](std::size_t i) {
                                                    return 0.1 * static_cast<double>(i);
                                                  })}});
  }
  add("events", bytes_of("\x02\x05" + events));
}

}  // namespace bnn::fuzzing
