#include "data/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <iostream>
#include <new>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/file_kind.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t max_chunk = 1u << 30;  // zlib counts in 32 bits
constexpr std::uint64_t first_output = 1u << 16;
constexpr int gzip_only = 15 + 16;  // largest window, gzip header and trailer

struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

bool is_member(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

void report_garbage(std::span<const std::uint8_t> rest, const std::string& path) {
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (!std::all_of(rest.begin(), rest.end(), is_zero))
    std::cerr << format_text("{}: ignored {} bytes after the end of the gzip data\n", path, rest.size());
}

}  // namespace

std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> compressed, const std::string& path,
                                 std::uint64_t limit_bytes) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::vector<std::uint8_t> output;
  std::uint64_t read = 0, written = 0;
  const std::string_view text(reinterpret_cast<const char*>(compressed.data()), compressed.size());
  if (const FileKind kind = file_kind(text); kind == FileKind::web_page || kind == FileKind::lfs_pointer)
    throw DataError(path + ": " + wrong_kind(kind, path));
  const auto fail = [&](const std::string& what) {
    throw DataError(format_text("{}: {} at byte {} of the compressed file; get the file again", path, what, read));
  };
  while (true) {
    if (written == output.size()) {
      if (written == limit_bytes) break;
      output.resize(std::min<std::uint64_t>(limit_bytes, std::max(first_output, output.size() * 2)));
    }
    const std::uint64_t input = std::min<std::uint64_t>(compressed.size() - read, max_chunk);
    const std::uint64_t room = std::min<std::uint64_t>(output.size() - written, max_chunk);
    stream.next_in = const_cast<Bytef*>(compressed.data() + read);  // zlib's interface predates const; it only reads
    stream.avail_in = static_cast<uInt>(input);
    stream.next_out = output.data() + written;
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    read += input - stream.avail_in;
    written += room - stream.avail_out;
    if (result == Z_STREAM_END) {
      // Several gzip files may follow each other in one. Any other bytes do not belong to it: tapes pad with zeros.
      if (const auto rest = compressed.subspan(read); !is_member(rest)) {
        report_garbage(rest, path);
        break;
      }
      if (inflateReset(&stream) != Z_OK) throw std::bad_alloc();
    } else if (result == Z_BUF_ERROR || (result == Z_OK && read == compressed.size() && stream.avail_out > 0)) {
      fail("truncated");
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK) {
      fail(format_text("corrupt ({})", stream.msg != nullptr ? stream.msg : "not gzip data"));
    }
  }
  output.resize(written);
  return output;
}

}  // namespace tlaunch
