// Writes and reads checkpoint files of a given size as a run does, for benchmarks/checkpoints.py: seconds on stdout.
//   checkpoint_bench write FILE MEGABYTES      checksums, write, fsync, rename, fsync of the folder
//   checkpoint_bench load FILE model|new       header and every checksum verified, then read into memory that is in
//                                              use, as a model's is when a run resumes, or into new memory
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace {

constexpr std::size_t tensors = 64;

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double write(const std::string& path, std::size_t megabytes) {
  std::vector<std::vector<float>> values(tensors, std::vector<float>(megabytes * 1'000'000 / tensors / sizeof(float)));
  std::vector<tlaunch::TensorView> views;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < tensors; ++i) {
    for (float& value : values[i]) value = static_cast<float>(state = state * 1664525u + 1013904223u) * 1e-9f;
    views.push_back({"w" + std::to_string(i),
                     "F32",
                     {static_cast<std::int64_t>(values[i].size())},
                     std::as_bytes(std::span(values[i]))});
  }
  return seconds_of([&] { tlaunch::write_safetensors(path, views, {}); });
}

double load(const std::string& path, bool into_model) {
  std::vector<std::unique_ptr<std::byte[]>> places;
  const auto make_places = [&](const tlaunch::SafetensorsFile& file) {
    for (const auto& tensor : file.tensors())
      places.push_back(std::make_unique_for_overwrite<std::byte[]>(tensor.data.size()));
  };
  if (into_model) {
    const tlaunch::SafetensorsFile file(path);
    make_places(file);
    for (std::size_t i = 0; i < places.size(); ++i) std::memset(places[i].get(), 1, file.tensors()[i].data.size());
  }
  return seconds_of([&] {
    const tlaunch::SafetensorsFile file(path);
    file.verify();
    if (!into_model) make_places(file);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto& tensor = file.tensors()[i];
      file.read(tensor, {places[i].get(), tensor.data.size()});
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "write" && argc == 4)
    std::printf("%.6f\n", write(argv[2], std::strtoul(argv[3], nullptr, 10)));
  else if (command == "load" && argc == 4)
    std::printf("%.6f\n", load(argv[2], argv[3] == std::string("model")));
  else
    return std::fprintf(stderr, "checkpoint_bench write FILE MEGABYTES | load FILE model|new\n"), 2;
}
