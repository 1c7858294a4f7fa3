#include <algorithm>
#include <atomic>
#include <future>
#include <system_error>
#include <thread>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "checkpoint/file_kind.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t most_verify_threads = 4, least_share_bytes = 16 << 20;
constexpr std::size_t verify_piece_bytes = 1 << 18;  // stays in a core's cache between reading and summing

}  // namespace

struct SafetensorsFile::State {
  explicit State(const std::string& path) : file(path) {}

  MappedFile file;
  const std::byte* map = nullptr;  // of the whole file
  std::uint64_t head_bytes = 0;
  Metadata metadata;
  std::vector<TensorView> tensors;
  std::map<std::string_view, std::size_t> by_name;  // the keys view names in `tensors`
  TensorCrcs crcs;
};

SafetensorsFile::SafetensorsFile(const std::string& path) : state_(std::make_unique<State>(path)) {
  State& s = *state_;
  std::string head(std::min<std::uint64_t>(s.file.bytes(), kind_bytes), '\0');
  s.file.read(0, std::as_writable_bytes(std::span(head)));
  if (const std::string wrong = wrong_kind(file_kind(head), path); !wrong.empty()) throw DataError(path + ": " + wrong);
  head.resize(std::min<std::size_t>(head.size(), length_bytes));
  head.resize(length_bytes + parse_header_length(head, s.file.bytes(), path));
  s.file.read(length_bytes, std::as_writable_bytes(std::span(head)).subspan(length_bytes));
  s.head_bytes = head.size();
  ParsedHead parsed = parse_head(head, s.file.bytes(), path);
  s.metadata = std::move(parsed.metadata);
  s.crcs = std::move(parsed.crcs);

  s.map = s.file.map().data();
  const std::byte* data = s.map + s.head_bytes;
  s.tensors.reserve(parsed.tensors.size());
  for (TensorEntry& entry : parsed.tensors)
    s.tensors.push_back({std::move(entry.name), std::move(entry.dtype), std::move(entry.shape),
                         std::span(data + entry.begin, entry.end - entry.begin)});
  for (std::size_t i = 0; i < s.tensors.size(); ++i) s.by_name.emplace(s.tensors[i].name, i);
}

SafetensorsFile::~SafetensorsFile() = default;

const std::string& SafetensorsFile::path() const { return state_->file.path(); }
std::uint64_t SafetensorsFile::bytes() const { return state_->file.bytes(); }
const Metadata& SafetensorsFile::metadata() const { return state_->metadata; }
const std::vector<TensorView>& SafetensorsFile::tensors() const { return state_->tensors; }

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = state_->by_name.find(name);
  return found == state_->by_name.end() ? nullptr : &state_->tensors[found->second];
}

bool SafetensorsFile::has_checksums() const { return !state_->crcs.empty() || state_->tensors.empty(); }

// Verifies tensors `first` to `last`, whose data begins at `offset`.
void SafetensorsFile::verify(std::size_t first, std::size_t last, std::uint64_t offset,
                             const std::function<void(std::uint64_t)>& read) const {
  const State& s = *state_;
  std::vector<std::byte> piece(std::min<std::uint64_t>(verify_piece_bytes, bytes() - offset));
  for (std::size_t i = first; i < last; ++i) {
    const TensorView& tensor = s.tensors[i];
    const std::uint64_t begin = offset, end = begin + tensor.data.size();
    std::uint32_t crc = 0;
    while (offset < end) {
      const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), end - offset));
      s.file.read(offset, part);
      crc = crc32c(part, crc);
      offset += part.size();
      read(part.size());
    }
    if (s.crcs.empty()) continue;
    if (const std::string& written = s.crcs.at(tensor.name); crc32c_text(crc) != written)
      throw DataError(format_text("{}: bytes {} to {}: tensor {} is damaged: its checksum is {} but {} was written",
                                  path(), begin, end, shown(tensor.name), crc32c_text(crc), shown(written)));
  }
}

void SafetensorsFile::verify(const ReadProgress& progress) const {
  const State& s = *state_;
  const std::uint64_t data_bytes = bytes() - s.head_bytes;
  const std::uint64_t threads = std::clamp<std::uint64_t>(std::thread::hardware_concurrency(), 1, most_verify_threads);
  const std::uint64_t share = std::max(data_bytes / threads + 1, least_share_bytes);
  std::atomic<std::uint64_t> done = s.head_bytes;
  const auto count = [&](std::uint64_t read) { done += read; };
  const auto count_and_report = [&](std::uint64_t read) {
    done += read;
    if (progress) progress(done);
  };
  struct Part {
    std::size_t first, last;
    std::uint64_t offset;
  };
  std::vector<Part> parts;
  std::uint64_t offset = s.head_bytes;
  for (std::size_t i = 0; i < s.tensors.size(); ++i) {
    if (parts.empty() || offset - parts.back().offset >= share) parts.push_back({i, i, offset});
    parts.back().last = i + 1;
    offset += s.tensors[i].data.size();
  }
  if (parts.empty()) return;
  std::vector<std::future<void>> others;  // get() rethrows their errors in the file's order
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto work = [this, part = parts[i], &count] { verify(part.first, part.last, part.offset, count); };
    try {
      others.push_back(std::async(std::launch::async, work));
    } catch (const std::system_error&) {  // no thread is available
      others.push_back(std::async(std::launch::deferred, work));
    }
  }
  verify(parts[0].first, parts[0].last, parts[0].offset, count_and_report);
  for (auto& other : others) other.get();
  if (progress) progress(done);
}

void SafetensorsFile::read(const TensorView& tensor, std::span<std::byte> into) const {
  state_->file.read(static_cast<std::uint64_t>(tensor.data.data() - state_->map), into);
}

}  // namespace tlaunch
