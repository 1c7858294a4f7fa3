#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_extension.h"
#include "base/text.h"
#include "base/units.h"
#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/torch_file.h"
#include "checkpoint/torch_file/weights_choice.h"
#include "checkpoint/wrapper_names.h"
#include "launcher/commands/checkpoints/checkpoint_place.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/narration/results.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_notes = 10;

std::vector<TensorView> weights_of(const std::vector<TensorView>& tensors, const std::string& path) {
  std::vector<TensorView> weights;
  for (const TensorView& tensor : tensors)
    if (!tensor.name.starts_with(reserved_prefix)) weights.push_back(tensor);
  if (weights.empty()) throw DataError(format_text("{}: holds no tensors of a model", path));
  return weights;
}

// Removes from the names what wrappers of the model have added, and reports this on stderr.
void take_wrappers_off(std::vector<TensorView>& weights) {
  std::vector<std::string> names;
  for (const TensorView& tensor : weights) names.push_back(tensor.name);
  if (const std::string count = count_of_average(names); !count.empty()) {
    std::fprintf(stderr, "left out: %s, the count of an average of models\n", shown(count).c_str());
    std::erase(names, count);
    std::erase_if(weights, [&](const TensorView& tensor) { return tensor.name == count; });
  }
  UnwrappedNames unwrapped = without_wrappers(std::move(names));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i].name = std::move(unwrapped.names[i]);
  std::vector<std::string> taken_off;
  for (const std::string& part : unwrapped.taken_off) taken_off.push_back(shown(part));
  if (!taken_off.empty())
    std::fprintf(stderr, "names: %s taken off, which a wrapper of the model had added\n",
                 joined(taken_off, ", ").c_str());
}

std::string listed(std::vector<std::string> notes) {
  const std::size_t count = notes.size();
  notes.resize(std::min(count, most_notes));
  const std::string text = joined(notes, ", ");
  return count <= most_notes ? text : format_text("{} and {} more", text, count - most_notes);
}

// The output may not be the input, because the tensors that are left out would be lost.
void check_output(const std::string& input, const std::string& output) {
  std::error_code error;
  if (fs::equivalent(input, output, error))
    throw UsageError(format_text("--output {}: is the input file; name another file", output));
  if (fs::is_directory(output, error)) throw UsageError(format_text("--output {}: is a folder; name a file", output));
  // For example /dev/null or /dev/stdout, which root would replace by a file.
  if (fs::exists(output, error) && !fs::is_regular_file(output, error))
    throw UsageError(format_text("--output {}: is not a regular file; name another file", output));
  const fs::path path(output);
  sweep_temporaries(path.has_parent_path() ? path.parent_path() : ".",
                    [&](const std::string& name) { return name == path.filename(); });  // of killed exports
}

void report(const std::string& output, const std::vector<TensorView>& weights, const std::string& input) {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(output, error);
  const std::string tensors = format_number_of(static_cast<std::int64_t>(weights.size()), "tensor");
  print_results(format_text("{}: {}, {}from {}\n", output, tensors, error ? "" : format_bytes(bytes) + ", ", input));
}

// The file itself, or the newest valid checkpoint of a folder.
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
  if (choice.path.empty()) throw UsageError(format_text("no valid checkpoint in {}", folder));
  return choice.path;
}

// The metadata that Python's libraries look for.
const Metadata python_metadata = {{"format", "pt"}};

}  // namespace

int export_command(const CheckpointsCommand& command) {
  const std::string input = checkpoint_named_by(command.path);
  const bool python_name = has_extension(command.output, ".pt") || has_extension(command.output, ".pth");
  const bool torch = command.format == "torch" || (command.format.empty() && python_name);
  std::string output = command.output;
  if (output.empty()) output = fs::path(input).stem().string() + (torch ? ".pt" : "-weights.safetensors");
  check_output(input, output);
  const SafetensorsFile file(input);
  const auto weights = weights_of(file.tensors(), input);
  if (torch)
    write_torch(output, weights);
  else
    write_safetensors(output, weights, python_metadata);
  report(output, weights, input);
  return exit_code::ok;
}

int import_command(const CheckpointsCommand& command) {
  if (has_extension(command.output, ".pt") || has_extension(command.output, ".pth"))
    throw UsageError(format_text("--output {}: import writes a safetensors file; name it so", command.output));
  check_output(command.path, command.output);
  const auto write = [&](const std::vector<TensorView>& tensors) {
    auto weights = weights_of(tensors, command.path);
    if (weights.size() < tensors.size())
      std::fprintf(stderr, "left out: %s of tlaunch's own, whose names begin with %s\n",
                   format_number_of(static_cast<std::int64_t>(tensors.size() - weights.size()), "tensor").c_str(),
                   reserved_prefix);
    take_wrappers_off(weights);
    write_safetensors(command.output, weights, python_metadata);
    report(command.output, weights, command.path);
  };
  if (!is_torch_file(command.path)) {
    if (!command.key.empty())
      throw UsageError(
          format_text("--key {}: {} is not a file of torch.save; leave --key out to import all its tensors",
                      command.key, command.path));
    const SafetensorsFile file(command.path);
    file.verify();
    write(file.tensors());
    return exit_code::ok;
  }
  const TorchFile file(command.path, command.key);
  if (file.key() != top_level_key) std::fprintf(stderr, "weights: those under %s\n", shown(file.key()).c_str());
  if (!file.left_out().empty()) std::fprintf(stderr, "left out: %s\n", listed(file.left_out()).c_str());
  write(file.tensors());
  return exit_code::ok;
}

}  // namespace tlaunch
