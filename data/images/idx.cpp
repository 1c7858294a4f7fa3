#include "data/images/idx.h"

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "data/gunzip.h"
#include "data/node_cache.h"

namespace tlaunch {
namespace {

constexpr std::uint32_t format_version = 1;  // of the content that cached_bytes stores: the decompressed file
constexpr std::uint32_t type_uint8 = 8;
using Bytes = std::span<const std::uint8_t>;

struct Header {
  std::vector<std::int64_t> dimensions;
  std::uint64_t file_bytes = 0;  // header and values
};

std::size_t header_bytes(std::size_t num_dimensions) { return 4 + 4 * num_dimensions; }

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

[[noreturn]] void fail(const std::string& path, std::uint64_t offset, const std::string& what) {
  throw DataError(format_text("{}: byte {}: {}", path, offset, what));
}

// `largest_bytes`: an upper bound of the file's size that does not depend on its header.
Header read_header(Bytes start, const std::string& path, std::size_t num_dimensions, std::uint64_t largest_bytes) {
  if (start.size() < header_bytes(num_dimensions)) {
    fail(path, start.size(),
         format_text("the file is truncated: its header takes {} bytes", header_bytes(num_dimensions)));
  }
  const std::uint32_t expected = type_uint8 << 8 | static_cast<std::uint32_t>(num_dimensions);
  if (const std::uint32_t magic = big_endian(start, 0); magic != expected) {
    fail(path, 0,
         format_text("not the IDX file expected here: its magic number is 0x{:08x} instead of 0x{:08x}", magic,
                     expected));
  }
  Header header;
  std::uint64_t values = 1;
  for (std::size_t i = 0; i < num_dimensions; ++i) {
    const std::size_t at = 4 + 4 * i;
    const std::uint32_t dimension = big_endian(start, at);
    if (dimension == 0) fail(path, at, "a dimension is 0");
    if (values > largest_bytes / dimension) {
      fail(path, at, "the header claims more values than the file can hold; the file is truncated or corrupt");
    }
    values *= dimension;
    header.dimensions.push_back(dimension);
  }
  header.file_bytes = header_bytes(num_dimensions) + values;
  return header;
}

void check_length(std::uint64_t bytes, const Header& header, const std::string& path) {
  if (bytes < header.file_bytes) {
    fail(path, bytes, format_text("the file is truncated: its header claims {} bytes", header.file_bytes));
  }
  if (bytes > header.file_bytes) fail(path, header.file_bytes, "the file has more bytes than its header claims");
}

// Decompresses the file. At most one byte more than its header claims is decoded.
std::vector<std::uint8_t> decode(const std::string& path, std::size_t num_dimensions) {
  const ByteRegion compressed = map_file(path);
  // Deflate makes at most 1032 bytes out of one.
  const std::uint64_t largest_bytes = 1032 * static_cast<std::uint64_t>(compressed.bytes.size());
  const auto start = gunzip(compressed.bytes, path, header_bytes(num_dimensions));
  const Header header = read_header(start, path, num_dimensions, largest_bytes);
  auto whole = gunzip(compressed.bytes, path, header.file_bytes + 1);
  check_length(whole.size(), header, path);
  return whole;
}

}  // namespace

IdxFile open_idx(const std::string& path, std::size_t num_dimensions, const std::string& cache_folder) {
  namespace fs = std::filesystem;
  IdxFile file;
  if (fs::exists(path)) {
    file.path = path;
    file.region = map_file(path);
  } else if (fs::exists(path + ".gz")) {
    file.path = path + ".gz";
    const auto decode_it = [&] { return decode(file.path, num_dimensions); };
    auto cached = cached_bytes(file.path, format_version, decode_it, cache_folder);
    file.region = std::move(cached.region);
    file.private_because = std::move(cached.private_because);
  } else {
    throw DataError(format_text("{}: not found, and neither is {}.gz", path, fs::path(path).filename().string()));
  }
  const Bytes whole = file.region.bytes;
  const Header header = read_header(whole, file.path, num_dimensions, whole.size());
  check_length(whole.size(), header, file.path);
  file.dimensions = header.dimensions;
  file.values_offset = header_bytes(num_dimensions);
  file.values = whole.subspan(file.values_offset);
  return file;
}

}  // namespace tlaunch
