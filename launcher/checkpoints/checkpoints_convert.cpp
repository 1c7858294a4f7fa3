#include <cstdio>
#include <filesystem>

#include "checkpoint/run_checkpoints.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/torch_file.h"
#include "core/error.h"
#include "core/units.h"
#include "launcher/checkpoints/checkpoint_place.h"
#include "launcher/checkpoints/checkpoints_command.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_notes = 10;

std::vector<TensorView> weights_of(const std::vector<TensorView>& tensors) {
  std::vector<TensorView> weights;
  for (const TensorView& tensor : tensors)
    if (!tensor.name.starts_with(reserved_prefix)) weights.push_back(tensor);
  return weights;
}

// The output may not be the input: what is left out would be lost.
void check_output(const std::string& input, const std::string& output) {
  std::error_code error;
  if (fs::equivalent(input, output, error))
    throw UsageError("--output " + output + ": is the file that is read; name another");
  if (fs::is_directory(output, error)) throw UsageError("--output " + output + ": is a folder; name a file");
}

void report(const std::string& output, const std::vector<TensorView>& weights, const std::string& input) {
  std::printf("%s: %zu tensors, %s, from %s\n", output.c_str(), weights.size(),
              format_bytes(fs::file_size(output)).c_str(), input.c_str());
}

// The file itself, or the newest undamaged checkpoint of a folder.
std::string checkpoint_named_by(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    SafetensorsFile(path).verify();
    return path;
  }
  const CheckpointPlace place = find_checkpoints(path, {});
  const std::string& folder = place.folder;
  const ResumeChoice choice = place.run_dir.empty() ? newest_valid(folder) : newest_of_run(place.run_dir, folder);
  for (const std::string& skipped : choice.skipped) std::fprintf(stderr, "skipped checkpoint %s\n", skipped.c_str());
  if (choice.path.empty()) throw UsageError("no undamaged checkpoint in " + folder);
  return choice.path;
}

// The metadata that Python's libraries look for.
const Metadata python_metadata = {{"format", "pt"}};

}  // namespace

int export_command(const CheckpointsCommand& command) {
  const std::string input = checkpoint_named_by(command.path);
  const bool torch = command.format == "torch";
  std::string output = command.output;
  if (output.empty()) output = fs::path(input).stem().string() + (torch ? ".pt" : "-weights.safetensors");
  check_output(input, output);
  const SafetensorsFile file(input);
  const auto weights = weights_of(file.tensors());
  if (torch)
    write_torch(output, weights);
  else
    write_safetensors(output, weights, python_metadata);
  report(output, weights, input);
  return exit_code::ok;
}

int import_command(const CheckpointsCommand& command) {
  check_output(command.path, command.output);
  const auto write = [&](const std::vector<TensorView>& tensors) {
    const auto weights = weights_of(tensors);
    if (weights.empty()) throw DataError(command.path + ": holds no tensors");
    if (weights.size() < tensors.size())
      std::fprintf(stderr, "left out: %zu tensors whose names begin with %s\n", tensors.size() - weights.size(),
                   reserved_prefix);
    write_safetensors(command.output, weights, python_metadata);
    report(command.output, weights, command.path);
  };
  if (!is_torch_file(command.path)) {
    const SafetensorsFile file(command.path);
    file.verify();
    write(file.tensors());
    return exit_code::ok;
  }
  const TorchFile file(command.path);
  for (std::size_t i = 0; i < file.left_out().size() && i < most_notes; ++i)
    std::fprintf(stderr, "left out: %s\n", file.left_out()[i].c_str());
  if (file.left_out().size() > most_notes)
    std::fprintf(stderr, "left out: %zu more entries that are no tensors\n", file.left_out().size() - most_notes);
  write(file.tensors());
  return exit_code::ok;
}

}  // namespace tlaunch
