#include "hardware/disk_speed.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "hardware/unnamed_file.h"

namespace tlaunch {
namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr double budget_s = 0.5;

// False if it failed, with errno set.
bool write_and_flush(int file, const std::vector<std::uint64_t>& block, std::size_t blocks) {
  for (std::size_t i = 0; i < blocks; ++i) {
    const char* data = reinterpret_cast<const char*>(block.data());
    for (std::size_t left = block.size() * sizeof block[0]; left > 0;) {
      const ssize_t written = write(file, data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      data += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  return fdatasync(file) == 0;
}

// Like weights, this does not compress: a file system that compresses cannot look faster than it is.
std::vector<std::uint64_t> noise(std::size_t bytes) {
  std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t));
  std::uint64_t state = 0x9E3779B97F4A7C15;
  for (std::uint64_t& word : words) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    word = state;
  }
  return words;
}

}  // namespace

DiskSpeed measure_write_speed(const std::string& folder) {
  struct statvfs stat = {};
  if (statvfs(folder.c_str(), &stat) == 0 && std::uint64_t{stat.f_bavail} * stat.f_frsize < 256 * mib) {
    return {std::nullopt, "less than 256 MiB of disk space is free"};
  }
  const UnnamedFile file(folder);
  if (file.descriptor() < 0) return {std::nullopt, std::strerror(errno)};

  const std::vector<std::uint64_t> block = noise(mib);
  const auto start = std::chrono::steady_clock::now();
  double elapsed_s = 0;
  std::size_t written_mib = 0;
  // Rounds of 1, 3, 12 and 48 MiB: a slow disk stops after the first, a fast one is timed on the largest. A round takes
  // up to four times as long as the one before it.
  for (const std::size_t round_mib : {1u, 3u, 12u, 48u}) {
    const auto round_start = std::chrono::steady_clock::now();
    if (!write_and_flush(file.descriptor(), block, round_mib)) return {std::nullopt, std::strerror(errno)};
    const auto now = std::chrono::steady_clock::now();
    written_mib = round_mib;
    elapsed_s = std::chrono::duration<double>(now - round_start).count();
    const double spent_s = std::chrono::duration<double>(now - start).count();
    if (spent_s + 4 * elapsed_s > budget_s) break;
  }
  return {static_cast<double>(written_mib * mib) / std::max(elapsed_s, 1e-6), ""};
}

}  // namespace tlaunch
