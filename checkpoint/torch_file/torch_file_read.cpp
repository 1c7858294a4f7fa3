#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "checkpoint/file_kind.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/torch_file.h"
#include "checkpoint/torch_file/torch_legacy.h"
#include "checkpoint/torch_file/unpickler.h"

namespace tlaunch {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
// Tensors may share storages, or repeat elements by strides of 0. Their total size is limited to spare_bytes plus a
// multiple of the file's size.
constexpr std::uint64_t spare_bytes = 16u << 20;
constexpr std::uint64_t max_growth = 64;  // multiple for all tensors together
constexpr std::uint64_t max_copied = 2;   // multiple for the tensors that need a copy

FileKind kind_of(const MappedFile& file) {
  std::string bytes(std::min<std::uint64_t>(file.bytes(), kind_bytes), '\0');
  file.read(0, std::as_writable_bytes(std::span(bytes)));
  return file_kind(bytes);
}

bool contiguous(const PickledTensor& tensor) {
  std::int64_t stride = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] == 0) return true;
    if (tensor.shape[i] != 1 && tensor.strides[i] != stride) return false;
    stride *= tensor.shape[i];
  }
  return true;
}

// The tensor's elements in row-major order. `storage` holds all elements that its offset, shape and strides reach.
std::vector<std::byte> gathered(const PickledTensor& tensor, std::span<const std::byte> storage, std::uint64_t bytes) {
  const std::size_t width = dtype_bytes(tensor.dtype);
  std::vector<std::byte> copy(bytes);
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  std::uint64_t element = tensor.offset;
  for (std::uint64_t to = 0; to < bytes; to += width) {
    std::memcpy(copy.data() + to, storage.data() + element * width, width);
    for (std::size_t i = index.size(); i-- > 0;) {
      element += static_cast<std::uint64_t>(tensor.strides[i]);
      if (++index[i] < tensor.shape[i]) break;
      element -= static_cast<std::uint64_t>(tensor.strides[i] * tensor.shape[i]);
      index[i] = 0;
    }
  }
  return copy;
}

}  // namespace

struct TorchFile::State {
  explicit State(const std::string& path) : file(path) {}

  [[noreturn]] void fail(const std::string& what) const { throw DataError(file.path() + ": " + what); }
  PickledStateDict open_archive(const std::string& wanted_key);
  PickledStateDict open_legacy(const std::string& wanted_key);
  const ZipRecord& record(const std::string& name) const;
  void verify(const ZipRecord& record) const;
  std::string text_of(const ZipRecord& record);
  std::span<const std::byte> storage_of(const PickledTensor& tensor);
  void add(const PickledTensor& tensor);

  MappedFile file;
  std::string archive;  // the beginning of all records' names, with the slash
  std::map<std::string, ZipRecord> records;
  std::map<std::string, std::span<const std::byte>> storages;  // those verified so far; of a legacy file all
  std::uint64_t all_bytes = 0, copied_bytes = 0;
  std::deque<std::vector<std::byte>> copies;
  std::vector<TensorView> tensors;
  std::string key;
  std::vector<std::string> left_out;
};

PickledStateDict TorchFile::State::open_archive(const std::string& wanted_key) {
  const ReadAt read = [&](std::uint64_t at, std::span<std::byte> into) { file.read(at, into); };
  for (ZipRecord& record : parse_zip(read, file.bytes(), file.path())) {
    if (archive.empty() && record.name.ends_with("/data.pkl") && record.name.find('/') == record.name.size() - 9)
      archive = record.name.substr(0, record.name.size() - 8);
    records.emplace(record.name, std::move(record));
  }
  if (archive.empty()) fail("this zip file has no NAME/data.pkl: torch.save did not write it");
  if (records.contains(archive + "byteorder"))
    if (const std::string order = text_of(record(archive + "byteorder")); order != "little")
      fail(format_text("its byte order is {}; only little-endian files are supported", shown(order)));
  const ZipRecord& pickled = record(archive + "data.pkl");
  if (pickled.bytes > max_pickle_bytes)
    fail(format_text("its pickle has {} bytes; at most {} are read", pickled.bytes, max_pickle_bytes));
  return unpickle_state_dict(text_of(pickled), file.path() + ": data.pkl", wanted_key);
}

PickledStateDict TorchFile::State::open_legacy(const std::string& wanted_key) {
  LegacyTorchFile legacy = read_legacy(file.map(), file.path(), wanted_key);
  for (const auto& [storage, bytes] : legacy.storages) storages.emplace("data/" + storage, bytes);
  return std::move(legacy.state_dict);
}

const ZipRecord& TorchFile::State::record(const std::string& name) const {
  const auto found = records.find(name);
  if (found == records.end()) fail(format_text("it has no record {}", shown(name)));
  return found->second;
}

void TorchFile::State::verify(const ZipRecord& record) const {
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_bytes, record.bytes));
  std::uint32_t crc = 0;
  for (std::uint64_t done = 0; done < record.bytes; done += piece.size()) {
    piece.resize(std::min<std::uint64_t>(piece.size(), record.bytes - done));
    file.read(record.data_at + done, piece);
    crc = zip_crc(piece, crc);
  }
  if (crc != record.crc)
    fail(format_text("bytes {} to {}: record {} is damaged: its checksum is not the one that was written",
                     record.data_at, record.data_at + record.bytes, shown(record.name)));
}

std::string TorchFile::State::text_of(const ZipRecord& record) {
  verify(record);
  const auto bytes = file.map().subspan(record.data_at, record.bytes);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::span<const std::byte> TorchFile::State::storage_of(const PickledTensor& tensor) {
  const std::string name = archive + "data/" + tensor.storage;
  auto found = storages.find(name);
  if (found == storages.end()) {
    const ZipRecord& stored = record(name);
    verify(stored);
    found = storages.emplace(name, file.map().subspan(stored.data_at, stored.bytes)).first;
  }
  if (found->second.size() != tensor.storage_bytes)
    fail(format_text("tensor {}: record {} has {} bytes, but the pickle says {}", shown(tensor.name), shown(name),
                     found->second.size(), tensor.storage_bytes));
  return found->second;
}

void TorchFile::State::add(const PickledTensor& tensor) {
  const auto storage = storage_of(tensor);
  std::uint64_t bytes = dtype_bytes(tensor.dtype);
  for (const std::int64_t dimension : tensor.shape) bytes *= static_cast<std::uint64_t>(dimension);
  const auto bounded = [&](std::uint64_t& sum, std::uint64_t factor) {
    if (__builtin_add_overflow(sum, bytes, &sum) || (sum > spare_bytes && (sum - spare_bytes) / factor > file.bytes()))
      fail(format_text(
          "tensor {}: the tensors share or repeat elements and would take {} bytes; clone() them before torch.save",
          shown(tensor.name), sum));
  };
  bounded(all_bytes, max_growth);
  std::span<const std::byte> data;
  if (bytes > 0 && contiguous(tensor)) {
    data = storage.subspan(tensor.offset * dtype_bytes(tensor.dtype), bytes);
  } else if (bytes > 0) {
    bounded(copied_bytes, max_copied);
    data = copies.emplace_back(gathered(tensor, storage, bytes));
  }
  tensors.push_back({tensor.name, tensor.dtype, tensor.shape, data});
}

TorchFile::TorchFile(const std::string& path, const std::string& key) : state_(std::make_unique<State>(path)) {
  State& s = *state_;
  const FileKind kind = kind_of(s.file);
  if (kind != FileKind::zip && kind != FileKind::legacy_torch)
    s.fail(kind == FileKind::unknown ? "this is not a torch.save file" : wrong_kind(kind, path));
  PickledStateDict state_dict = kind == FileKind::zip ? s.open_archive(key) : s.open_legacy(key);
  s.key = std::move(state_dict.path);
  s.left_out = std::move(state_dict.left_out);
  for (const PickledTensor& tensor : state_dict.tensors) s.add(tensor);
}

TorchFile::~TorchFile() = default;

const std::vector<TensorView>& TorchFile::tensors() const { return state_->tensors; }
const std::string& TorchFile::key() const { return state_->key; }
const std::vector<std::string>& TorchFile::left_out() const { return state_->left_out; }

bool is_torch_file(const std::string& path) {
  const FileKind kind = kind_of(MappedFile(path));
  return kind == FileKind::zip || kind == FileKind::legacy_torch;
}

}  // namespace tlaunch
