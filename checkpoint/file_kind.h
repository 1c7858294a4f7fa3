// Finds a file's kind from its first bytes, whatever its name says: users often give weights in another format than is
// needed, or a file that is not weights at all because a download failed. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

enum class FileKind {
  unknown,       // may be a safetensors file
  zip,           // torch.save's format since PyTorch 1.6
  legacy_torch,  // torch.save's format before that
  pickle,        // not written by torch.save
  tar,
  compressed,
  web_page,
  lfs_pointer,
  json
};

inline constexpr std::size_t kind_bytes = 512;  // file_kind() looks at this many bytes at most

FileKind file_kind(std::string_view first_bytes);

// The command that converts a torch.save file to a safetensors file with another name in the working directory.
std::string import_advice(const std::string& path);

// What the file is and what to do, if a safetensors file is needed: "was written by torch.save, but ..."; "" for
// unknown.
std::string wrong_kind(FileKind kind, const std::string& path);

}  // namespace tlaunch
