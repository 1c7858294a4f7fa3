#include "trainer/train_state.h"

#include "checkpoint/catalog.h"
#include "checkpoint/safetensors_head.h"
#include "checkpoint/wrapper_names.h"
#include "core/error.h"
#include "core/json_problem.h"
#include "trainer/device.h"
#include "trainer/tensor_file.h"

namespace tlaunch {
namespace {

constexpr const char* optimizer_prefix = "tlaunch.optimizer.";
constexpr const char* rng_prefix = "tlaunch.rng.";

Json to_json(const Position& position) {
  Json json{{"step", position.step},
            {"metrics", position.metrics},
            {"evaluations_without_improvement", position.evaluations_without_improvement}};
  if (position.best_val_loss) json["best_val_loss"] = *position.best_val_loss;
  if (position.evaluation_due) json["evaluation_due"] = true;
  if (position.evaluated_step >= 0) json["evaluated_step"] = position.evaluated_step;
  if (position.detected_step >= 0) json["detected_step"] = position.detected_step;
  if (position.rollbacks > 0) json["rollbacks"] = position.rollbacks;
  return json;
}

Position progress_from(const Json& json) {
  Position position;
  position.step = json.at("step");
  for (const auto& [name, value] : json.at("metrics").items()) position.metrics[name] = number_of(value);
  position.evaluations_without_improvement = json.at("evaluations_without_improvement");
  if (json.contains("best_val_loss")) position.best_val_loss = number_of(json["best_val_loss"]);
  position.evaluation_due = json.value("evaluation_due", false);
  position.evaluated_step = json.value("evaluated_step", std::int64_t{-1});
  position.detected_step = json.value("detected_step", std::int64_t{-1});
  position.rollbacks = json.value("rollbacks", std::int64_t{0});
  return position;
}

std::vector<std::pair<std::string, std::int64_t>> fields(const RunIdentity& identity) {
  return {{"seed", identity.seed},
          {"train_samples", identity.train_samples},
          {"effective_batch_size", identity.effective_batch_size},
          {"steps_per_epoch", identity.steps_per_epoch}};
}

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
    throw DataError(path +
                    ": no checkpoint of tlaunch (no tlaunch.state in it); to start from its weights set model.weights");
  if (const auto format = file_.metadata().find(format_key);
      format != file_.metadata().end() && format->second != std::to_string(newest_format))
    throw DataError(path + ": its format is " + format->second + ", and this tlaunch reads " +
                    std::to_string(newest_format) + "; resume with the tlaunch that wrote it");
  try {
    const auto json = Json::parse(text->second);
    position_ = progress_from(json.at("progress"));
    const auto& run = json.at("run");
    identity_ = {run.at("seed"), run.at("train_samples"), run.at("effective_batch_size"), run.at("steps_per_epoch")};
    identity_.data = data_identity_from_json(run.value("data", Json()));
    buckets_ = json.at("buckets").get<BucketAssignment>();
    scaler_ = json.at("scaler");
  } catch (const std::exception& error) {
    throw DataError(path + ": " + state_key + " in its metadata cannot be read: " + json_problem(error) +
                    "; resume from another checkpoint, or start a new run with model.weights=" + path);
  }
}

void SavedState::check(const RunIdentity& identity) const {
  if (const std::string difference = data_difference(identity_.data, identity.data); !difference.empty())
    throw DataError(file_.path() + ": " + difference + "; a resume needs the same data");
  const auto saved = fields(identity_), now = fields(identity);
  for (std::size_t i = 0; i < saved.size(); ++i)
    if (saved[i].second != now[i].second)
      throw UsageError(file_.path() + ": was made with " + saved[i].first + " " + std::to_string(saved[i].second) +
                       ", this run has " + std::to_string(now[i].second) +
                       "; a resume must keep it (start a new run with model.weights to change it)");
}

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
  return "this checkpoint was made on " +
         std::string(device.is_cuda() ? "a CPU and goes on on a GPU" : "a GPU and goes on on a CPU") +
         ": the random numbers of dropout start again from the seed, everything else goes on where it was";
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
  Json run = Json::object();
  for (const auto& [name, value] : fields(identity)) run[name] = value;
  run["world_size"] = identity.world_size;
  run["device"] = identity.device;
  run["settings"] = identity.settings;
  run["data"] = to_json(identity.data);
  const Json state{
      {"progress", to_json(position)}, {"run", run}, {"buckets", step.buckets()}, {"scaler", step.scaler().state()}};
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
  std::string taken_off;
  for (const std::string& part : found.taken_off) taken_off += (taken_off.empty() ? "" : ", ") + shown(part);
  return taken_off.empty() ? "" : file.path() + ": " + taken_off + " taken off its names, so that they are the model's";
}

std::string load_first_weights(const RunConfig& config, TrainingSetup& setup) {
  if (!config.model.weights) return "";
  const SafetensorsFile file(*config.model.weights);
  file.verify();
  return load_weights(file, setup);
}

}  // namespace tlaunch
