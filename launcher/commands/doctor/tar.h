// Archives that every tar reads: ustar, with a pax header for a name that is too long for ustar; and gzip. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

struct ArchiveFile {
  std::string name;  // relative, with slashes
  std::string content;
};

// Regular files with mode 0600, user and group 0, and that Unix time.
std::string tar_of(const std::vector<ArchiveFile>& files, std::int64_t time_s);

// Throws std::bad_alloc.
std::string gzip_of(std::string_view bytes);

}  // namespace tlaunch
