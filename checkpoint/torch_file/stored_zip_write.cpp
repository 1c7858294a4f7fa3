#include <zlib.h>

#include <algorithm>
#include <limits>

#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/stored_zip_format.h"

namespace tlaunch {
namespace {

using namespace zip_format;

constexpr std::uint64_t alignment_bytes = 64;
constexpr std::uint16_t padding_field = 0x4246;    // "FB", as PyTorch names it
constexpr std::uint16_t version_needed = 45;       // of zip64
constexpr std::uint16_t utf8_names = 1u << 11;     // flag
constexpr std::uint32_t first_of_1980 = 0x210000;  // time and date: the format's earliest

void put(std::string& text, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint32_t fitting(std::uint64_t value) { return value < max32 ? static_cast<std::uint32_t>(value) : max32; }

// The fields from the version to the name's length, which are the same in both headers of a record.
void put_common(std::string& text, const ZipRecord& record) {
  put(text, version_needed, 2);
  put(text, utf8_names, 2);
  put(text, 0, 2);  // stored
  put(text, first_of_1980, 4);
  put(text, record.crc, 4);
  put(text, fitting(record.bytes), 4);
  put(text, fitting(record.bytes), 4);
  put(text, record.name.size(), 2);
}

std::string local_header(const ZipRecord& record) {
  std::string extra;
  if (record.bytes >= max32) {
    put(extra, zip64_field, 2);
    put(extra, 16, 2);
    put(extra, record.bytes, 8);
    put(extra, record.bytes, 8);
  }
  const std::uint64_t unpadded = record.header_at + local_bytes + record.name.size() + extra.size() + 4;
  const std::uint64_t padding = (alignment_bytes - unpadded % alignment_bytes) % alignment_bytes;
  put(extra, padding_field, 2);
  put(extra, padding, 2);
  extra.append(padding, 'Z');

  std::string head;
  put(head, local_signature, 4);
  put_common(head, record);
  put(head, extra.size(), 2);
  return head + record.name + extra;
}

std::string central_header(const ZipRecord& record) {
  std::string extra;
  if (record.bytes >= max32) {
    put(extra, record.bytes, 8);
    put(extra, record.bytes, 8);
  }
  if (record.header_at >= max32) put(extra, record.header_at, 8);
  if (!extra.empty()) {
    std::string field;
    put(field, zip64_field, 2);
    put(field, extra.size(), 2);
    extra.insert(0, field);
  }
  std::string head;
  put(head, central_signature, 4);
  put(head, version_needed, 2);
  put_common(head, record);
  put(head, extra.size(), 2);
  head.append(2 + 2 + 2 + 4, '\0');  // no comment, disk 0, attributes
  put(head, fitting(record.header_at), 4);
  return head + record.name + extra;
}

// Always includes the zip64 records, as PyTorch does.
std::string end_of(std::uint64_t count, std::uint64_t directory_at, std::uint64_t directory_bytes) {
  std::string end;
  put(end, end64_signature, 4);
  put(end, end64_bytes - 12, 8);  // bytes of this record that follow
  put(end, version_needed, 2);
  put(end, version_needed, 2);
  put(end, 0, 4 + 4);  // disks
  put(end, count, 8);
  put(end, count, 8);
  put(end, directory_bytes, 8);
  put(end, directory_at, 8);

  put(end, locator_signature, 4);
  put(end, 0, 4);
  put(end, directory_at + directory_bytes, 8);
  put(end, 1, 4);

  put(end, end_signature, 4);
  put(end, 0, 2 + 2);
  put(end, std::min<std::uint64_t>(count, max16), 2);
  put(end, std::min<std::uint64_t>(count, max16), 2);
  put(end, fitting(directory_bytes), 4);
  put(end, fitting(directory_at), 4);
  put(end, 0, 2);
  return end;
}

}  // namespace

std::uint32_t zip_crc(std::span<const std::byte> data, std::uint32_t crc) {
  return static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

ZipFrame zip_frame(std::vector<ZipRecord>& records) {
  ZipFrame frame;
  std::uint64_t at = 0;
  for (ZipRecord& record : records) {
    record.header_at = at;
    frame.heads.push_back(local_header(record));
    record.data_at = at + frame.heads.back().size();
    at = record.data_at + record.bytes;
  }
  for (const ZipRecord& record : records) frame.tail += central_header(record);
  frame.tail += end_of(records.size(), at, frame.tail.size());
  return frame;
}

void write_zip(const ByteSink& sink, const std::vector<ZipInput>& inputs) {
  std::vector<ZipRecord> records;
  for (const ZipInput& input : inputs) records.push_back({input.name, input.data.size(), zip_crc(input.data)});
  const ZipFrame frame = zip_frame(records);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    sink(std::as_bytes(std::span(frame.heads[i])));
    if (!inputs[i].data.empty()) sink(inputs[i].data);
  }
  sink(std::as_bytes(std::span(frame.tail)));
}

}  // namespace tlaunch
