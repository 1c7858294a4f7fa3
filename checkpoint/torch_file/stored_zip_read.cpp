#include <algorithm>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/stored_zip_format.h"

namespace tlaunch {
namespace {

using namespace zip_format;

constexpr std::uint64_t max_records = 500'000;  // the reader reads one header per record
constexpr std::uint64_t max_directory_bytes = 100'000'000;
constexpr const char* several_parts = "the archive has several parts, which is not supported";

std::uint64_t number(std::string_view bytes, std::size_t at, int width) {
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)])) << (8 * i);
  return value;
}

struct Directory {
  std::uint64_t at = 0, bytes = 0, count = 0;
};

class ZipReader {
 public:
  ZipReader(const ReadAt& read, std::uint64_t file_bytes, const std::string& path)
      : read_(read), file_bytes_(file_bytes), path_(path) {}

  std::vector<ZipRecord> records() {
    const Directory directory = find_directory();
    const std::string bytes = read(directory.at, directory.bytes);
    std::vector<ZipRecord> found;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < directory.count; ++i) found.push_back(entry(bytes, at, directory.at));
    if (at != bytes.size()) fail(directory.at + at, "bytes follow the last entry of the zip directory");
    std::set<std::string_view> names;
    for (ZipRecord& record : found) {
      if (!names.insert(record.name).second)
        fail(record.header_at, format_text("two records are named {}", shown(record.name)));
      find_data(record, directory.at);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.header_at < b.header_at; });
    for (std::size_t i = 1; i < found.size(); ++i)
      if (found[i].header_at < found[i - 1].data_at + found[i - 1].bytes)
        fail_record(found[i], found[i].header_at, format_text("overlaps {}", shown(found[i - 1].name)));
    return found;
  }

 private:
  [[noreturn]] void fail(std::uint64_t at, const std::string& what) const {
    throw DataError(format_text("{}: byte {}: {}", path_, at, what));
  }
  [[noreturn]] void fail_record(const ZipRecord& record, std::uint64_t at, const std::string& what) const {
    fail(at, format_text("record {} {}", shown(record.name), what));
  }

  std::string read(std::uint64_t at, std::uint64_t bytes) const {
    std::string text(bytes, '\0');
    read_(at, std::as_writable_bytes(std::span(text)));
    return text;
  }

  // The directory that the end record gives. The end record is at the file's end, before a comment of at most 65,535
  // bytes.
  Directory find_directory() const {
    const std::uint64_t tail_bytes = std::min<std::uint64_t>(file_bytes_, end_bytes + max16);
    const std::uint64_t tail_at = file_bytes_ - tail_bytes;
    const std::string tail = read(tail_at, tail_bytes);
    for (std::uint64_t from_end = end_bytes; from_end <= tail_bytes; ++from_end) {
      const std::size_t at = tail_bytes - from_end;
      if (number(tail, at, 4) != end_signature || number(tail, at + 20, 2) != from_end - end_bytes) continue;
      return checked(directory_of(tail_at + at, std::string_view(tail).substr(at)), tail_at + at);
    }
    fail(file_bytes_, "no zip directory: the file was cut short, or it is not a zip file");
  }

  Directory directory_of(std::uint64_t end_at, std::string_view end) const {
    if (end_at >= locator_bytes) {
      const std::string locator = read(end_at - locator_bytes, locator_bytes);
      if (number(locator, 0, 4) == locator_signature) return directory64(number(locator, 8, 8), end_at - locator_bytes);
    }
    if (number(end, 4, 4) != 0) fail(end_at, several_parts);
    return {number(end, 16, 4), number(end, 12, 4), number(end, 10, 2)};
  }

  Directory directory64(std::uint64_t at, std::uint64_t locator_at) const {
    if (at > locator_at || locator_at - at < end64_bytes)
      fail(locator_at, "the zip64 record is not before its locator");
    const std::string end = read(at, end64_bytes);
    if (number(end, 0, 4) != end64_signature) fail(at, "the zip64 record is not where its locator says");
    if (number(end, 16, 8) != 0) fail(at, several_parts);
    return {number(end, 48, 8), number(end, 40, 8), number(end, 32, 8)};
  }

  Directory checked(const Directory& found, std::uint64_t end_at) const {
    if (found.at > end_at || found.bytes > end_at - found.at) fail(end_at, "the zip directory is outside the file");
    if (found.bytes > max_directory_bytes)
      fail(end_at,
           format_text("the zip directory has {} bytes; at most {} are read", found.bytes, max_directory_bytes));
    if (found.count > max_records)
      fail(end_at, format_text("the zip directory has {} records; at most {} are read", found.count, max_records));
    if (found.count * central_bytes > found.bytes)
      fail(end_at, format_text("the zip directory cannot hold {} records in {} bytes", found.count, found.bytes));
    return found;
  }

  // The directory's entry at `at`; moves `at` past it.
  ZipRecord entry(std::string_view bytes, std::size_t& at, std::uint64_t directory_at) const {
    const std::uint64_t place = directory_at + at;
    if (bytes.size() - at < central_bytes || number(bytes, at, 4) != central_signature)
      fail(place, "the zip directory lacks an entry here");
    const std::uint64_t name_bytes = number(bytes, at + 28, 2), extra_bytes = number(bytes, at + 30, 2);
    const std::uint64_t whole = central_bytes + name_bytes + extra_bytes + number(bytes, at + 32, 2);
    if (bytes.size() - at < whole) fail(place, "an entry reaches beyond the end of the zip directory");
    ZipRecord record;
    record.name = bytes.substr(at + central_bytes, name_bytes);
    if (number(bytes, at + 8, 2) & 1) fail_record(record, place, "is encrypted");
    if (const auto method = number(bytes, at + 10, 2); method != 0)
      fail_record(record, place,
                  format_text("is compressed (method {}), but torch.save does not compress. If this is a TorchScript "
                              "program, save its state_dict() with torch.save",
                              method));
    record.crc = static_cast<std::uint32_t>(number(bytes, at + 16, 4));
    std::uint64_t stored = number(bytes, at + 20, 4);
    record.bytes = number(bytes, at + 24, 4);
    record.header_at = number(bytes, at + 42, 4);
    take_zip64(bytes.substr(at + central_bytes + name_bytes, extra_bytes), record, stored, place);
    if (stored != record.bytes) fail_record(record, place, "has two different sizes");
    at += whole;
    return record;
  }

  // Values that were too large for 32 bits are in an extra field, in this order.
  void take_zip64(std::string_view extra, ZipRecord& record, std::uint64_t& stored, std::uint64_t place) const {
    std::string_view field;
    while (extra.size() >= 4) {
      const std::uint64_t size = number(extra, 2, 2);
      if (size > extra.size() - 4) fail_record(record, place, "has a broken extra field");
      if (number(extra, 0, 2) == zip64_field) field = extra.substr(4, size);
      extra.remove_prefix(4 + size);
    }
    for (std::uint64_t* value : {&record.bytes, &stored, &record.header_at}) {
      if (*value != max32) continue;
      if (field.size() < 8) fail_record(record, place, "lacks its zip64 sizes");
      *value = number(field, 0, 8);
      field.remove_prefix(8);
    }
  }

  void find_data(ZipRecord& record, std::uint64_t directory_at) const {
    const std::uint64_t at = record.header_at;
    if (at > directory_at || directory_at - at < local_bytes) fail_record(record, at, "is outside the records");
    const std::string head = read(at, local_bytes);
    if (number(head, 0, 4) != local_signature) fail_record(record, at, "has no header here");
    const std::uint64_t name_bytes = number(head, 26, 2);
    record.data_at = at + local_bytes + name_bytes + number(head, 28, 2);
    if (record.data_at > directory_at || directory_at - record.data_at < record.bytes)
      fail_record(record, at, "reaches beyond the end of the records");
    if (name_bytes != record.name.size() || read(at + local_bytes, name_bytes) != record.name)
      fail_record(record, at, "has another name in its header");
  }

  const ReadAt& read_;
  std::uint64_t file_bytes_;
  const std::string& path_;
};

}  // namespace

std::vector<ZipRecord> parse_zip(const ReadAt& read, std::uint64_t file_bytes, const std::string& path) {
  return ZipReader(read, file_bytes, path).records();
}

}  // namespace tlaunch
