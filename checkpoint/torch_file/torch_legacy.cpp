#include "checkpoint/torch_file/torch_legacy.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/pickle_machine.h"

namespace tlaunch {
namespace {

using Kind = PickleValue::Kind;

constexpr std::int64_t format_version = 1001;

class LegacyReader {
 public:
  LegacyReader(std::span<const std::byte> file, const std::string& path)
      : rest_(reinterpret_cast<const char*>(file.data()), file.size()), path_(path) {}

  LegacyTorchFile read(const std::string& key) {
    next("its magic number");
    const Unpickled version = next("its version");
    if (version.result.kind != Kind::integer || version.result.at != format_version)
      fail("its version of torch.save's format is unknown");
    check_byte_order();
    LegacyTorchFile found;
    found.state_dict = unpickle_state_dict(pickle(), path_ + ": its object", key);
    rest_.remove_prefix(found.state_dict.bytes);
    for (const std::string& storage : keys()) {
      const auto width = found.state_dict.storage_widths.find(storage);
      if (width == found.state_dict.storage_widths.end())
        fail(format_text("its pickle does not refer to storage {}", shown(storage)));
      found.storages[storage] = storage_bytes(storage, width->second);
    }
    return found;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DataError(path_ + ": " + what); }

  std::string_view pickle() const { return rest_.substr(0, max_pickle_bytes); }

  Unpickled next(const std::string& what) {
    at_ = pickle();
    Unpickled unpickled = run_pickle(at_, path_ + ": " + what);
    rest_.remove_prefix(unpickled.bytes);
    return unpickled;
  }

  // A text of the pickle that next() has read last.
  std::string text_of(const PickleValue& text) const {
    return std::string(at_.substr(static_cast<std::size_t>(text.at), text.size));
  }

  void check_byte_order() {
    const Unpickled facts = next("its facts about the machine");
    if (facts.result.kind != Kind::dict) fail("its facts about the machine are not a dict");
    const auto& items = facts.containers[static_cast<std::size_t>(facts.result.at)];
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i].kind == Kind::text && text_of(items[i]) == "little_endian" && items[i + 1].at == 0)
        fail("it is big-endian; only little-endian files are supported");
  }

  std::vector<std::string> keys() {
    const Unpickled list = next("its list of storages");
    if (list.result.kind != Kind::list) fail(format_text("its list of storages is {}", kind_name(list.result)));
    std::vector<std::string> keys;
    for (const PickleValue& each : list.containers[static_cast<std::size_t>(list.result.at)]) {
      if (each.kind != Kind::text) fail(format_text("a storage's name is {}, not a string", kind_name(each)));
      keys.push_back(text_of(each));
    }
    return keys;
  }

  std::span<const std::byte> storage_bytes(const std::string& key, std::uint64_t width) {
    std::uint64_t elements = 0, bytes = 0;
    if (rest_.size() < sizeof elements) fail(format_text("the file was cut short before storage {}", shown(key)));
    for (std::size_t i = 0; i < sizeof elements; ++i)
      elements |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(sizeof elements);
    if (__builtin_mul_overflow(elements, width, &bytes) || bytes > rest_.size())
      fail(format_text("the file was cut short within storage {}", shown(key)));
    const std::string_view stored = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return std::as_bytes(std::span(stored));
  }

  std::string_view rest_, at_;
  const std::string& path_;
};

}  // namespace

LegacyTorchFile read_legacy(std::span<const std::byte> file, const std::string& path, const std::string& key) {
  return LegacyReader(file, path).read(key);
}

}  // namespace tlaunch
