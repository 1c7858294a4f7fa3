#include "checkpoint/file_kind.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/text.h"

namespace tlaunch {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view legacy_magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;  // the first pickle's
constexpr std::size_t legacy_within = 32;
constexpr std::string_view compressed_magics[] = {"\x1f\x8b\x08"sv, "BZh"sv, "\xfd\x37zXZ\x00"sv, "\x28\xb5\x2f\xfd"sv};
constexpr std::size_t tar_magic_at = 257;

// True for a header length below 4 GiB, followed by the brace that a header begins with.
bool is_safetensors(std::string_view bytes) { return bytes.size() > 8 && bytes.substr(4, 5) == "\0\0\0\0{"sv; }

// The first letters in lower case, after blanks and a byte order mark.
std::string text_start(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  std::string start(bytes.substr(0, 64));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return start;
}

}  // namespace

FileKind file_kind(std::string_view bytes) {
  bytes = bytes.substr(0, kind_bytes);
  if (is_safetensors(bytes)) return FileKind::unknown;
  if (bytes.starts_with("PK\x03\x04")) return FileKind::zip;
  if (bytes.starts_with('\x80'))
    return bytes.substr(0, legacy_within).find(legacy_magic) == std::string_view::npos ? FileKind::pickle
                                                                                       : FileKind::legacy_torch;
  for (const std::string_view magic : compressed_magics)
    if (bytes.starts_with(magic)) return FileKind::compressed;
  if (bytes.size() > tar_magic_at && bytes.substr(tar_magic_at).starts_with("ustar")) return FileKind::tar;
  const std::string text = text_start(bytes);
  if (text.starts_with("version https://git-lfs")) return FileKind::lfs_pointer;
  for (const std::string_view begin : {"<!doctype"sv, "<html"sv, "<head"sv, "<?xml"sv, "<!--"sv})
    if (text.starts_with(begin)) return FileKind::web_page;
  if (text.starts_with("{\"") || text.starts_with("{\n") || text.starts_with("{\r")) return FileKind::json;
  return FileKind::unknown;
}

std::string import_advice(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  return format_text("tlaunch checkpoints import {} --output {}{}.safetensors", path, stem,
                     path.ends_with(".safetensors") ? "-imported" : "");
}

std::string wrong_kind(FileKind kind, const std::string& path) {
  switch (kind) {
    case FileKind::unknown: return "";
    case FileKind::zip:
    case FileKind::legacy_torch:
      return format_text("was written by torch.save, but a .safetensors file is needed. Convert it: {}",
                         import_advice(path));
    case FileKind::pickle:
      return "is a pickle that torch.save did not write. Save the weights in Python: "
             "torch.save(model.state_dict(), FILE)";
    case FileKind::tar: return "is a tar archive. Unpack it and give the weights file in it";
    case FileKind::compressed: return "is compressed. Decompress it first (gzip -d, bzip2 -d, xz -d or zstd -d)";
    case FileKind::web_page: return "is a web page: the download failed. Download the file itself";
    case FileKind::lfs_pointer: return "is a Git LFS pointer, not the file itself. Run git lfs pull in its repository";
    case FileKind::json: return "is a JSON file, not weights";
  }
  return "";
}

}  // namespace tlaunch
