// Any bytes as a zip archive: a DataError, or records that lie within it side by side, never a crash.
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "checkpoint/torch_file/stored_zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tlaunch::ReadAt read = [&](std::uint64_t at, std::span<std::byte> into) {
    if (at > size || into.size() > size - at) std::abort();  // the reader checks before it reads
    if (!into.empty()) std::memcpy(into.data(), data + at, into.size());
  };
  try {
    std::uint64_t end = 0;
    for (const tlaunch::ZipRecord& record : tlaunch::parse_zip(read, size, "fuzz")) {
      if (record.header_at < end || record.data_at < record.header_at) std::abort();
      end = record.data_at + record.bytes;
      if (end < record.data_at || end > size) std::abort();
    }
  } catch (const tlaunch::DataError&) {
  }
  return 0;
}
