#include "contract/trial.h"

#include <stdexcept>

#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"

namespace tlaunch {
namespace {

Precision precision_from(const std::string& text) {
  for (const Precision precision : {Precision::fp32, Precision::fp16, Precision::bf16})
    if (text == to_string(precision)) return precision;
  throw DataError(format_text("trial: unknown precision {}", quoted(text)));
}

template <typename Read>
auto guarded(const char* what, Read read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw DataError(format_text("{}: {}", what, json_problem(error)));
  }
}

}  // namespace

const char* to_string(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::ok: return "ok";
    case TrialOutcome::out_of_memory: return "out of memory";
    case TrialOutcome::crashed: return "crashed";
    case TrialOutcome::hung: return "hung";
    case TrialOutcome::interrupted: return "interrupted";
  }
  throw std::logic_error("no such TrialOutcome");
}

TrialSettings trial_settings_of(const RunConfig& config) {
  return {config.train.batch_size.value(),        config.train.gradient_accumulation_steps.value(),
          config.gpu.mixed_precision.value(),     config.gpu.tf32.value(),
          config.gpu.cudnn_benchmark.value(),     config.gpu.channels_last.value(),
          config.launch.threads_per_rank.value(), config.data.num_workers.value(),
          config.data.prefetch_factor.value(),    config.data.pin_memory.value()};
}

RunConfig with_trial_settings(RunConfig config, const TrialSettings& settings) {
  config.train.batch_size = settings.micro_batch;
  config.train.gradient_accumulation_steps = settings.accumulation;
  config.gpu.mixed_precision = settings.precision;
  config.gpu.tf32 = settings.tf32;
  config.gpu.cudnn_benchmark = settings.cudnn_benchmark;
  config.gpu.channels_last = settings.channels_last;
  config.launch.threads_per_rank = settings.threads;
  config.data.num_workers = settings.num_workers;
  config.data.prefetch_factor = settings.prefetch_factor;
  config.data.pin_memory = settings.pin_memory;
  return config;
}

Json to_json(const TrialSettings& settings) {
  return {{"micro_batch", settings.micro_batch},
          {"accumulation", settings.accumulation},
          {"precision", to_string(settings.precision)},
          {"tf32", settings.tf32},
          {"cudnn_benchmark", settings.cudnn_benchmark},
          {"channels_last", settings.channels_last},
          {"threads", settings.threads},
          {"num_workers", settings.num_workers},
          {"prefetch_factor", settings.prefetch_factor},
          {"pin_memory", settings.pin_memory}};
}

TrialSettings trial_settings_from_json(const Json& json) {
  return guarded("trial settings", [&] {
    TrialSettings settings;
    settings.micro_batch = json.at("micro_batch");
    settings.accumulation = json.at("accumulation");
    settings.precision = precision_from(json.at("precision"));
    settings.tf32 = json.at("tf32");
    settings.cudnn_benchmark = json.at("cudnn_benchmark");
    settings.channels_last = json.at("channels_last");
    settings.threads = json.at("threads");
    settings.num_workers = json.at("num_workers");
    settings.prefetch_factor = json.at("prefetch_factor");
    settings.pin_memory = json.at("pin_memory");
    if (settings.micro_batch < 1 || settings.accumulation < 1)
      throw DataError("trial settings: micro-batch and accumulation must be at least 1");
    if (settings.threads < 1 || settings.num_workers < 0 || settings.prefetch_factor < 1)
      throw DataError("trial settings: threads and prefetch_factor must be at least 1, num_workers at least 0");
    return settings;
  });
}

Json to_json(const TrialSpec& spec) {
  Json candidates = Json::array();
  for (const auto& settings : spec.candidates) candidates.push_back(to_json(settings));
  return {{"id", spec.id},
          {"candidates", candidates},
          {"rounds", spec.rounds},
          {"visit_s", spec.visit_s},
          {"abandon_ratio", spec.abandon_ratio},
          {"with_loader", spec.with_loader},
          {"whole_run", spec.whole_run},
          {"evaluation_s", spec.evaluation_s}};
}

TrialSpec trial_spec_from_json(const Json& json) {
  return guarded("trial", [&] {
    TrialSpec spec;
    spec.id = json.at("id");
    for (const Json& settings : json.at("candidates")) spec.candidates.push_back(trial_settings_from_json(settings));
    spec.rounds = json.at("rounds");
    spec.visit_s = json.at("visit_s");
    spec.abandon_ratio = json.at("abandon_ratio");
    spec.with_loader = json.at("with_loader");
    spec.whole_run = json.at("whole_run");
    spec.evaluation_s = json.at("evaluation_s");
    if (spec.candidates.empty()) throw DataError("trial: no candidates");
    return spec;
  });
}

Json to_json(const TrialResult& result) {
  Json candidates = Json::array();
  for (const auto& figures : result.candidates)
    candidates.push_back({{"step_times_s", figures.step_times_s},
                          {"wait_shares", figures.wait_shares},
                          {"first_loss", figures.first_loss},
                          {"last_loss", figures.last_loss},
                          {"steps", figures.steps}});
  return without_nonfinite({{"id", result.id},
                            {"candidates", candidates},
                            {"abandoned", result.abandoned},
                            {"peak_bytes", result.peak_bytes},
                            {"idle_bytes", result.idle_bytes},
                            {"make_batch_s", result.make_batch_s},
                            {"log_cost_s", result.log_cost_s},
                            {"gpu_log_cost_s", result.gpu_log_cost_s},
                            {"save_copy_s", result.save_copy_s},
                            {"save_bytes", result.save_bytes},
                            {"build_s", result.build_s},
                            {"evaluation_fixed_s", result.evaluation_fixed_s},
                            {"evaluation_sample_s", result.evaluation_sample_s},
                            {"detection_s", result.detection_s},
                            {"worker_s", result.worker_s},
                            {"train_samples", result.facts.train_samples},
                            {"val_samples", result.facts.val_samples},
                            {"parameters", result.facts.parameters},
                            {"batch_norm", result.facts.batch_norm}});
}

TrialResult trial_result_from_json(const Json& json) {
  return guarded("trial result", [&] {
    TrialResult result;
    result.id = json.at("id");
    for (const Json& figures : json.at("candidates"))
      result.candidates.push_back({figures.at("step_times_s").get<std::vector<double>>(),
                                   figures.at("wait_shares").get<std::vector<double>>(),
                                   number_of(figures.at("first_loss")), number_of(figures.at("last_loss")),
                                   figures.at("steps").get<std::int64_t>()});
    result.abandoned = json.at("abandoned");
    result.peak_bytes = json.at("peak_bytes");
    result.idle_bytes = json.at("idle_bytes");
    result.make_batch_s = json.at("make_batch_s");
    result.log_cost_s = json.at("log_cost_s");
    result.gpu_log_cost_s = json.at("gpu_log_cost_s");
    result.save_copy_s = json.at("save_copy_s");
    result.save_bytes = json.at("save_bytes");
    result.build_s = json.at("build_s");
    result.evaluation_fixed_s = json.at("evaluation_fixed_s");
    result.evaluation_sample_s = json.at("evaluation_sample_s");
    result.detection_s = json.at("detection_s");
    result.worker_s = json.at("worker_s");
    result.facts.train_samples = json.at("train_samples");
    result.facts.val_samples = json.at("val_samples");
    result.facts.parameters = json.at("parameters");
    result.facts.batch_norm = json.at("batch_norm");
    return result;
  });
}

}  // namespace tlaunch
