#include "checkpoint/written_files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.h"

namespace tlaunch {
namespace {

std::string list_path(const std::string& run_dir) { return run_dir + "/checkpoints.txt"; }

}  // namespace

std::set<std::string> read_written_files(const std::string& run_dir, const std::string& checkpoint_dir) {
  const auto folder = std::filesystem::absolute(checkpoint_dir).lexically_normal();
  std::set<std::string> paths;
  std::ifstream file(list_path(run_dir));
  for (std::string name; std::getline(file, name);)
    if (!name.empty() && name.find('/') == std::string::npos) paths.insert((folder / name).string());
  return paths;
}

void note_written_file(const std::string& run_dir, const std::string& name) {
  std::ofstream file(list_path(run_dir), std::ios::app);
  file << name << "\n";
  if (!file.flush()) throw IoError("cannot write " + list_path(run_dir) + ": " + std::strerror(errno));
}

}  // namespace tlaunch
