#include "config/synonyms.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/text.h"
#include "config/schema.h"

namespace tlaunch {

const std::vector<std::pair<std::string, std::string>>& section_synonyms() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"training", "train"},
      {"trainer", "train"},
      {"optim", "train"},
      {"optimizer", "train"},
      {"optimization", "train"},
      {"scheduler", "train"},
      {"solver", "train"},
      {"hparams", "train"},
      {"dataset", "data"},
      {"datasets", "data"},
      {"datamodule", "data"},
      {"dataloader", "data"},
      {"loader", "data"},
      {"net", "model"},
      {"network", "model"},
      {"models", "model"},
      {"evaluation", "eval"},
      {"validation", "eval"},
      {"val", "eval"},
      {"hardware", "gpu"},
      {"cuda", "gpu"},
      {"performance", "gpu"},
      {"checkpoints", "checkpoint"},
      {"checkpointing", "checkpoint"},
      {"ckpt", "checkpoint"},
      {"save", "checkpoint"},
      {"logging", "log"},
      {"logger", "log"},
      {"logs", "log"},
      {"distributed", "launch"},
      {"launcher", "launch"},
      {"torchrun", "launch"},
  };
  return table;
}

const std::vector<std::pair<std::string, std::string>>& key_synonyms() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"run_name", "name"},
      {"experiment", "name"},
      {"experiment_name", "name"},
      {"random_seed", "seed"},
      {"manual_seed", "seed"},
      {"seed_everything", "seed"},
      {"use_deterministic_algorithms", "deterministic"},
      {"output_dir", "run_root"},
      {"out_dir", "run_root"},
      {"log_dir", "run_root"},
      {"default_root_dir", "run_root"},
      {"<<", "extends"},
      {"_base_", "extends"},
      {"base", "extends"},
      {"defaults", "extends"},
      {"include", "extends"},

      {"arch", "model.name"},
      {"architecture", "model.name"},
      {"backbone", "model.name"},
      {"model_name", "model.name"},
      {"model_type", "model.name"},
      {"pretrained", "model.weights"},
      {"init_from", "model.weights"},
      {"torch_dtype", "model.dtype"},

      {"dataset", "data.name"},
      {"dataset_name", "data.name"},
      {"data_dir", "data.root"},
      {"data_path", "data.root"},
      {"data_root", "data.root"},
      {"dataset_path", "data.root"},
      {"workers", "data.num_workers"},
      {"n_workers", "data.num_workers"},
      {"loader_workers", "data.num_workers"},
      {"dataloader_num_workers", "data.num_workers"},
      {"prefetch", "data.prefetch_factor"},
      {"dataloader_pin_memory", "data.pin_memory"},

      {"max_epochs", "train.epochs"},
      {"num_epochs", "train.epochs"},
      {"n_epochs", "train.epochs"},
      {"num_train_epochs", "train.epochs"},
      {"total_epochs", "train.epochs"},
      {"steps", "train.max_steps"},
      {"num_steps", "train.max_steps"},
      {"total_steps", "train.max_steps"},
      {"iterations", "train.max_steps"},
      {"max_iters", "train.max_steps"},
      {"total_kimg", "train.kimg"},
      {"batch", "train.batch_size"},
      {"bs", "train.batch_size"},
      {"micro_batch", "train.batch_size"},
      {"micro_batch_size", "train.batch_size"},
      {"train_batch_size", "train.batch_size"},
      {"batch_size_per_gpu", "train.batch_size"},
      {"per_device_train_batch_size", "train.batch_size"},
      {"train_micro_batch_size_per_gpu", "train.batch_size"},
      {"effective_batch", "train.effective_batch_size"},
      {"global_batch_size", "train.effective_batch_size"},
      {"total_batch_size", "train.effective_batch_size"},
      {"gradient_accumulation", "train.gradient_accumulation_steps"},
      {"grad_accumulation", "train.gradient_accumulation_steps"},
      {"accumulate_grad_batches", "train.gradient_accumulation_steps"},
      {"accumulation_steps", "train.gradient_accumulation_steps"},
      {"grad_accum", "train.gradient_accumulation_steps"},
      {"grad_accum_steps", "train.gradient_accumulation_steps"},
      {"accum_iter", "train.gradient_accumulation_steps"},
      {"optim", "train.optimizer"},
      {"optimizer_name", "train.optimizer"},
      {"optimizer_type", "train.optimizer"},
      {"lr", "train.learning_rate"},
      {"base_lr", "train.learning_rate"},
      {"initial_lr", "train.learning_rate"},
      {"wd", "train.weight_decay"},
      {"l2", "train.weight_decay"},
      {"scheduler", "train.schedule"},
      {"lr_scheduler", "train.schedule"},
      {"lr_schedule", "train.schedule"},
      {"lr_scheduler_type", "train.schedule"},
      {"step_size", "train.step_epochs"},
      {"gamma", "train.step_gamma"},
      {"lr_gamma", "train.step_gamma"},
      {"warmup", "train.warmup_steps"},
      {"num_warmup_steps", "train.warmup_steps"},
      {"warmup_iters", "train.warmup_steps"},
      {"gradient_clip_val", "train.clip_grad_norm"},
      {"gradient_clipping", "train.clip_grad_norm"},
      {"max_grad_norm", "train.clip_grad_norm"},
      {"grad_clip", "train.clip_grad_norm"},
      {"clip_grad", "train.clip_grad_norm"},
      {"patience", "train.early_stopping_patience"},
      {"early_stopping", "train.early_stopping_patience"},

      {"check_val_every_n_epoch", "eval.every_n_epochs"},
      {"eval_every", "eval.every_n_epochs"},
      {"eval_interval", "eval.every_n_epochs"},
      {"val_interval", "eval.every_n_epochs"},
      {"eval_steps", "eval.every_n_steps"},
      {"val_check_interval", "eval.every_n_steps"},

      {"precision", "gpu.mixed_precision"},
      {"amp", "gpu.mixed_precision"},
      {"use_amp", "gpu.mixed_precision"},
      {"autocast", "gpu.mixed_precision"},
      {"fp16", "gpu.mixed_precision"},
      {"bf16", "gpu.mixed_precision"},
      {"half", "gpu.mixed_precision"},
      {"allow_tf32", "gpu.tf32"},
      {"benchmark", "gpu.cudnn_benchmark"},
      {"memory_format", "gpu.channels_last"},
      {"empty_cache", "gpu.empty_cache_freq"},

      {"save_interval", "checkpoint.every_n_steps"},
      {"save_steps", "checkpoint.every_n_steps"},
      {"save_every", "checkpoint.every_n_steps"},
      {"checkpoint_interval", "checkpoint.every_n_steps"},
      {"every_n_train_steps", "checkpoint.every_n_steps"},
      {"save_every_n_steps", "checkpoint.every_n_steps"},
      {"save_every_n_epochs", "checkpoint.every_n_epochs"},
      {"save_dir", "checkpoint.dirpath"},
      {"checkpoint_dir", "checkpoint.dirpath"},
      {"ckpt_dir", "checkpoint.dirpath"},

      {"log_every_n_steps", "log.log_interval"},
      {"log_every", "log.log_interval"},
      {"logging_steps", "log.log_interval"},
      {"log_freq", "log.log_interval"},
      {"print_freq", "log.log_interval"},

      {"num_gpus", "launch.nproc"},
      {"n_gpus", "launch.nproc"},
      {"gpus", "launch.nproc"},
      {"devices", "launch.nproc"},
      {"world_size", "launch.nproc"},
      {"num_processes", "launch.nproc"},
      {"nproc_per_node", "launch.nproc"},
      {"grace", "launch.grace_s"},
      {"grace_period", "launch.grace_s"},
  };
  return table;
}

namespace {

// Shortest word that is searched in other sections: shorter words are similar to too many keys.
constexpr std::size_t least_letters = 5;

std::string target_of(const std::vector<std::pair<std::string, std::string>>& table, const std::string& name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == name; });
  return it == table.end() ? "" : it->second;
}

// The known key in one of `sections` whose last part is most similar; "": none is similar.
std::string nearest_in(const std::vector<std::string>& known, const std::string& last,
                       const std::vector<std::string>& sections) {
  std::vector<std::string> keys, last_parts;
  for (const std::string& key : known) {
    if (std::find(sections.begin(), sections.end(), section_of(key)) == sections.end()) continue;
    keys.push_back(key);
    last_parts.push_back(last_part(key));
  }
  const auto best = nearest(last, last_parts);
  if (!best) return "";
  return keys[static_cast<std::size_t>(std::find(last_parts.begin(), last_parts.end(), *best) - last_parts.begin())];
}

std::string best_target(const std::string& key, const std::vector<std::string>& known) {
  const auto is_known = [&](const std::string& each) {
    return std::find(known.begin(), known.end(), each) != known.end();
  };
  std::string section = section_of(key);
  const std::string last = last_part(key);

  std::vector<std::string> sections = schema_sections();
  if (!section.empty() && std::find(sections.begin(), sections.end(), section) == sections.end()) {
    std::string renamed = target_of(section_synonyms(), section);
    if (renamed.empty()) renamed = nearest(section, sections).value_or("");
    if (!renamed.empty()) section = renamed;
    if (is_known(section + "." + last)) return section + "." + last;
  }
  std::vector<std::string> same_name;  // the right key in the wrong section
  for (const std::string& each : known)
    if (last_part(each) == last) same_name.push_back(each);
  if (!same_name.empty() && same_name.size() <= 3) {
    return joined(same_name, " or ");
  }
  if (const std::string target = target_of(key_synonyms(), last); !target.empty()) return target;
  if (const std::string target = nearest_in(known, last, {section}); !target.empty()) return target;
  if (last.size() < least_letters) return "";
  sections.push_back("");
  return nearest_in(known, last, sections);
}

}  // namespace

std::string hint_for_unknown_key(const std::string& key, const std::vector<std::string>& known) {
  const std::string target = best_target(key, known);
  return target.empty() ? "" : format_text("did you mean {}?", target);
}

}  // namespace tlaunch
