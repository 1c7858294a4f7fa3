#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "checkpoint/crc32c.h"
#include "checkpoint/safetensors_head.h"
#include "core/error.h"

namespace tlaunch {
namespace {

constexpr std::size_t verify_piece_bytes = 1 << 20;

std::string reason(int error) { return std::generic_category().message(error); }

int open_file(const std::string& path) {
  // O_NONBLOCK: a pipe by this name must not make us wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw UsageError("cannot open checkpoint " + path + ": " + reason(errno));
  return fd;
}

}  // namespace

struct SafetensorsFile::State {
  explicit State(const std::string& path);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (map) ::munmap(map, bytes);
    if (fd >= 0) ::close(fd);
  }
  // Throws where there are fewer bytes: the file had them when it was opened.
  void read(std::uint64_t offset, std::span<std::byte> into) const;

  std::string path;
  int fd = -1;
  std::uint64_t bytes = 0, head_bytes = 0;
  void* map = nullptr;
  Metadata metadata;
  std::vector<TensorView> tensors;
  std::map<std::string_view, std::size_t> by_name;  // keys lie in `tensors`
  TensorCrcs crcs;
};

SafetensorsFile::State::State(const std::string& file_path) : path(file_path) {}

void SafetensorsFile::State::read(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError("cannot read " + path + " at byte " + std::to_string(offset) + ": " + reason(errno));
    if (got == 0)
      throw DataError(path + ": byte " + std::to_string(offset) + ": the file was cut short while it was read");
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

SafetensorsFile::SafetensorsFile(const std::string& path) : state_(std::make_unique<State>(path)) {
  State& s = *state_;
  s.fd = open_file(path);
  struct stat info {};
  if (::fstat(s.fd, &info) != 0) throw IoError("cannot look at " + path + ": " + reason(errno));
  if (!S_ISREG(info.st_mode)) throw UsageError("cannot open checkpoint " + path + ": it is not a file");
  s.bytes = static_cast<std::uint64_t>(info.st_size);

  std::string head(std::min(s.bytes, length_bytes), '\0');
  s.read(0, std::as_writable_bytes(std::span(head)));
  head.resize(length_bytes + parse_header_length(head, s.bytes, path));
  s.read(length_bytes, std::as_writable_bytes(std::span(head)).subspan(length_bytes));
  s.head_bytes = head.size();
  ParsedHead parsed = parse_head(head, s.bytes, path);
  s.metadata = std::move(parsed.metadata);
  s.crcs = std::move(parsed.crcs);

  void* map = ::mmap(nullptr, s.bytes, PROT_READ, MAP_PRIVATE, s.fd, 0);
  if (map == MAP_FAILED) throw IoError("cannot map " + path + ": " + reason(errno));
  s.map = map;
  const std::byte* data = static_cast<const std::byte*>(map) + s.head_bytes;
  s.tensors.reserve(parsed.tensors.size());
  for (TensorEntry& entry : parsed.tensors)
    s.tensors.push_back({std::move(entry.name), std::move(entry.dtype), std::move(entry.shape),
                         std::span(data + entry.begin, entry.end - entry.begin)});
  for (std::size_t i = 0; i < s.tensors.size(); ++i) s.by_name.emplace(s.tensors[i].name, i);
}

SafetensorsFile::~SafetensorsFile() = default;

const std::string& SafetensorsFile::path() const { return state_->path; }
std::uint64_t SafetensorsFile::bytes() const { return state_->bytes; }
const Metadata& SafetensorsFile::metadata() const { return state_->metadata; }
const std::vector<TensorView>& SafetensorsFile::tensors() const { return state_->tensors; }

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = state_->by_name.find(name);
  return found == state_->by_name.end() ? nullptr : &state_->tensors[found->second];
}

void SafetensorsFile::verify() const {
  const State& s = *state_;
  std::vector<std::byte> piece(std::min<std::uint64_t>(verify_piece_bytes, s.bytes - s.head_bytes));
  std::uint64_t offset = s.head_bytes;
  for (const TensorView& tensor : s.tensors) {
    const std::uint64_t begin = offset, end = begin + tensor.data.size();
    std::uint32_t crc = 0;
    while (offset < end) {
      const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), end - offset));
      s.read(offset, part);
      crc = crc32c(part, crc);
      offset += part.size();
    }
    if (s.crcs.empty()) continue;
    if (const std::string& written = s.crcs.at(tensor.name); crc32c_text(crc) != written)
      throw DataError(s.path + ": bytes " + std::to_string(begin) + " to " + std::to_string(end) + ": tensor " +
                      shown(tensor.name) + " is damaged: its checksum is " + crc32c_text(crc) + " but " +
                      shown(written) + " was written");
  }
}

}  // namespace tlaunch
