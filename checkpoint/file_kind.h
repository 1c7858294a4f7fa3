// What a file is by its first bytes, whatever its name says: weights are often given in another form than is wanted,
// or are no weights at all since a download went wrong. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

enum class FileKind {
  unknown,  // a safetensors file, as far as that shows
  zip,      // torch.save's since PyTorch 1.6
  legacy_torch,
  pickle,  // another's than torch.save's
  tar,
  compressed,
  web_page,
  lfs_pointer,
  json
};

inline constexpr std::size_t kind_bytes = 512;  // as many of the first bytes are looked at, or all that there are

FileKind file_kind(std::string_view first_bytes);

// The command that makes a safetensors file of one of torch.save, under another name in the working directory.
std::string import_advice(const std::string& path);

// What the file is and what to do, where a safetensors file is wanted: "is a file of torch.save; ..."; "" for unknown.
std::string wrong_kind(FileKind kind, const std::string& path);

}  // namespace tlaunch
