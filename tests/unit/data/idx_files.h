// Small Fashion-MNIST look-alikes, made byte by byte.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace tlaunch {

using FileBytes = std::vector<std::uint8_t>;

inline FileBytes idx_bytes(const std::vector<std::uint32_t>& dimensions, const FileBytes& values) {
  FileBytes bytes{0, 0, 8, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t d : dimensions) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(d >> shift));
  }
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

inline FileBytes gzipped(const FileBytes& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  FileBytes out(deflateBound(&stream, bytes.size()) + 32);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// `count` images of height x width; pixel p of image i is 1 + (i * 31 + p * 7) % 255, so never 0; its label i % 10.
struct SmallImages {
  std::uint32_t count, height, width;

  std::uint8_t pixel(std::uint32_t image, std::uint32_t p) const {
    return static_cast<std::uint8_t>(1 + (image * 31 + p * 7) % 255);
  }
  FileBytes images() const {
    FileBytes values;
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t p = 0; p < height * width; ++p) values.push_back(pixel(i, p));
    }
    return idx_bytes({count, height, width}, values);
  }
  FileBytes labels() const {
    FileBytes values;
    for (std::uint32_t i = 0; i < count; ++i) values.push_back(static_cast<std::uint8_t>(i % 10));
    return idx_bytes({count}, values);
  }
};

// The four files of a data set, gzipped or plain, under their usual names.
inline void write_fashion_mnist(const test::TempDir& folder, const SmallImages& train, const SmallImages& val,
                                bool gz) {
  const auto put = [&](const std::string& name, const FileBytes& bytes) {
    test::write(folder / (gz ? name + ".gz" : name), gz ? gzipped(bytes) : bytes);
  };
  put("train-images-idx3-ubyte", train.images());
  put("train-labels-idx1-ubyte", train.labels());
  put("t10k-images-idx3-ubyte", val.images());
  put("t10k-labels-idx1-ubyte", val.labels());
}

}  // namespace tlaunch
