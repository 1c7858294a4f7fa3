#include "trainer/state/train_state.h"

#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"
#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/wrapper_names.h"
#include "trainer/device/device.h"
#include "trainer/state/tensor_file.h"

namespace tlaunch {
namespace {

constexpr const char* optimizer_prefix = "tlaunch.optimizer.";
constexpr const char* rng_prefix = "tlaunch.rng.";

NamedTensors trained_tensors(TrainingSetup& setup, Optimizer& optimizer) {
  auto tensors = state_tensors(*setup.model);
  for (const auto& [name, tensor] : optimizer.state()) tensors.emplace_back(optimizer_prefix + name, tensor);
  return tensors;
}

NamedTensors tensors_with(TrainingSetup& setup, TrainStep& step, const std::vector<torch::Tensor>& generators) {
  auto tensors = trained_tensors(setup, step.optimizer());
  for (std::size_t r = 0; r < generators.size(); ++r)
    tensors.emplace_back(rng_prefix + std::to_string(r), generators[r]);
  return tensors;
}

}  // namespace

SavedState::SavedState(const std::string& path, Contents contents) : file_(path) {
  if (contents == Contents::unread) file_.verify();
  const auto text = file_.metadata().find(state_key);
  if (text == file_.metadata().end())
    throw DataError(
        format_text("{} is not a checkpoint of tlaunch: it has no {}; to start from its weights, set model.weights={}",
                    path, state_key, path));
  if (const auto format = file_.metadata().find(format_key);
      format != file_.metadata().end() && format->second != std::to_string(newest_format))
    throw DataError(
        format_text("{}: its format is {}, but this tlaunch reads format {}; resume with the tlaunch that wrote it",
                    path, format->second, newest_format));
  try {
    const auto json = Json::parse(text->second);
    position_ = position_from_json(json.at("progress"));
    identity_ = run_identity_from_json(json.at("run"));
    buckets_ = json.at("buckets").get<BucketAssignment>();
    scaler_ = json.at("scaler");
  } catch (const std::exception& error) {
    throw DataError(format_text(
        "{}: {} in its metadata cannot be read: {}; resume from another checkpoint, or start a new run with "
        "model.weights={}",
        path, state_key, json_problem(error), path));
  }
}

void SavedState::check(const RunIdentity& identity) const { check_same_run(identity_, identity, file_.path()); }

void SavedState::check_fit(TrainingSetup& setup, Optimizer& optimizer) const {
  tlaunch::check_fit(file_, trained_tensors(setup, optimizer));
}

void SavedState::restore(TrainingSetup& setup, TrainStep& step, int rank) const {
  auto tensors = trained_tensors(setup, step.optimizer());
  const auto random = torch::empty_like(generator_state(setup.device));
  const bool has_generator = generator(setup.device, rank) == Generator::fits;
  if (has_generator) tensors.emplace_back(rng_prefix + std::to_string(rank), random);
  copy_from_file(file_, tensors);
  if (has_generator) set_generator_state(setup.device, random);
  step.scaler().load_state(scaler_);
}

// The generator of a CPU and that of a card have states of different sizes.
SavedState::Generator SavedState::generator(const torch::Device& device, int rank) const {
  const auto* entry = file_.find(rng_prefix + std::to_string(rank));
  if (!entry) return Generator::absent;
  return entry->shape == generator_state(device).sizes().vec() ? Generator::fits : Generator::other_device;
}

std::string SavedState::generator_note(const torch::Device& device, int rank) const {
  if (generator(device, rank) != Generator::other_device) return "";
  return format_text(
      "this checkpoint was made on {}, and the run continues on {}: the random numbers of dropout start again from the "
      "seed; everything else continues where it was",
      device.is_cuda() ? "a CPU" : "a GPU", device.is_cuda() ? "a GPU" : "a CPU");
}

NamedTensors saved_tensors(TrainingSetup& setup, TrainStep& step, const Ranks& ranks) {
  ranks.broadcast(setup.model->buffers());
  return tensors_with(setup, step, ranks.gather(generator_state(setup.device)));
}

NamedTensors measured_tensors(TrainingSetup& setup, TrainStep& step, int ranks) {
  return tensors_with(setup, step,
                      std::vector<torch::Tensor>(static_cast<std::size_t>(ranks), generator_state(setup.device)));
}

SavePoint save_point(TrainStep& step, const Position& position, const RunIdentity& identity) {
  const Json state{{"progress", to_json(position)},
                   {"run", to_json(identity)},
                   {"buckets", step.buckets()},
                   {"scaler", step.scaler().state()}};
  return {position.step,
          position.step / identity.steps_per_epoch,
          position.metrics,
          {{state_key, text_of(without_nonfinite(state))}}};
}

std::string load_weights(const SafetensorsFile& file, TrainingSetup& setup) {
  NamedTensors tensors = state_tensors(*setup.model);
  std::vector<std::string> held, wanted;
  for (const TensorView& tensor : file.tensors())
    if (!tensor.name.starts_with(reserved_prefix)) held.push_back(tensor.name);
  for (const auto& [name, tensor] : tensors) wanted.push_back(name);
  const NamesInFile found = names_in_file(held, wanted);
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].first = found.names[i];
  copy_from_file(file, tensors);
  if (found.taken_off.empty()) return "";
  std::vector<std::string> removed;
  for (const std::string& part : found.taken_off) removed.push_back(shown(part));
  return format_text("{}: removed {} from the names of its tensors to match the model's", file.path(),
                     joined(removed, ", "));
}

std::string load_first_weights(const RunConfig& config, TrainingSetup& setup) {
  if (!config.model.weights) return "";
  const SafetensorsFile file(*config.model.weights);
  file.verify();
  return load_weights(file, setup);
}

}  // namespace tlaunch
