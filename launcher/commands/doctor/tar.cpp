#include "launcher/commands/doctor/tar.h"

#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <optional>
#include <stdexcept>

namespace tlaunch {
namespace {

constexpr std::size_t block_bytes = 512;

// The layout of POSIX; numbers are octal text.
struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
      user[32], group[32], device_major[8], device_minor[8], prefix[155], padding[12];
};
static_assert(sizeof(Header) == block_bytes);

template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value) {
  std::snprintf(field, N, "%0*llo", static_cast<int>(N - 1), static_cast<unsigned long long>(value));
}

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), std::min(N, text.size()));
}

// The slash at which a name is cut into prefix and name; nothing if the name does not fit.
std::optional<std::size_t> cut_of(const std::string& name) {
  const Header header{};
  if (name.size() <= sizeof header.name) return 0;
  for (std::size_t at = name.find('/'); at <= sizeof header.prefix; at = name.find('/', at + 1))
    if (at > 0 && name.size() - at - 1 <= sizeof header.name) return at;
  return std::nullopt;
}

void add_entry(std::string& tar, const std::string& name, char type, const std::string& content, std::int64_t time_s) {
  Header header{};
  const std::size_t cut = cut_of(name).value_or(0);
  put_text(header.prefix, std::string_view(name).substr(0, cut));
  put_text(header.name, std::string_view(name).substr(cut == 0 ? 0 : cut + 1));
  put_octal(header.mode, 0600);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, content.size());
  put_octal(header.mtime, static_cast<std::uint64_t>(time_s));
  header.type = type;
  put_text(header.magic, std::string_view("ustar\0", 6));
  put_text(header.version, "00");
  std::memset(header.checksum, ' ', sizeof header.checksum);  // the sum counts its own field as blanks
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (std::size_t i = 0; i < block_bytes; ++i) sum += bytes[i];
  std::snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
  tar.append(reinterpret_cast<const char*>(&header), block_bytes);
  tar += content;
  tar.append((block_bytes - content.size() % block_bytes) % block_bytes, '\0');
}

// "12 path=a/b\n": the number counts the whole record with its own digits.
std::string pax_record(const std::string& name) {
  const std::string rest = " path=" + name + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) length = std::to_string(length).size() + rest.size();
  return std::to_string(length) + rest;
}

}  // namespace

std::string tar_of(const std::vector<ArchiveFile>& files, std::int64_t time_s) {
  std::string tar;
  for (const ArchiveFile& file : files) {
    if (!cut_of(file.name)) add_entry(tar, "long-name", 'x', pax_record(file.name), time_s);
    add_entry(tar, file.name, '0', file.content, time_s);
  }
  tar.append(2 * block_bytes, '\0');
  return tar;
}

std::string gzip_of(std::string_view bytes) {
  constexpr int gzip_window = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::logic_error("deflateBound() was too small");
  return packed;
}

}  // namespace tlaunch
