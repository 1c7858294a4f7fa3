// to_yaml and flatten.
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "config/schema.h"
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

class RoundTrip : public test::ConfigTest {
 protected:
  RunConfig again(const RunConfig& config) { return load(to_yaml(config, test::worker())); }
};

TEST_F(RoundTrip, ResolvedYamlReadsBackTheSame) {
  const RunConfig c = load(image + "train: {kimg: 0.1, clip_grad_norm: 0.3}\ngpu: {mixed_precision: bf16}\n",
                           {"name=a \"quoted\" ${X:-name}: #1 $$HOME", "run_root=null and $$void"});
  EXPECT_EQ(c.name, "a \"quoted\" name: #1 $HOME");
  EXPECT_EQ(flatten(again(c)), flatten(c));
}

TEST_F(RoundTrip, YamlHasEveryKeyInTheOrderOfTheSchema) {
  const std::string yaml = to_yaml(load("model: {name: lstm}\ndata: {name: dpkg}\n"), test::worker());
  EXPECT_EQ(yaml, R"(name: c
seed: 0
deterministic: false
run_root: runs
model:
  name: lstm
  weights: none
  dtype: float32
  hidden_size: 64
  num_layers: 2
  window: 10
  top_g: 9
  input: scalar
data:
  name: dpkg
  root: /var/log
  num_workers: auto
  prefetch_factor: auto
  pin_memory: auto
  val_fraction: 0.2
train:
  epochs: 10
  batch_size: auto
  effective_batch_size: 256
  gradient_accumulation_steps: auto
  optimizer: adamw
  momentum: 0
  learning_rate: 0.001
  weight_decay: 0.01
  schedule: cosine
  step_epochs: none
  step_gamma: 0.1
  warmup_steps: auto
  clip_grad_norm: off
  on_nan: stop
  early_stopping_patience: off
eval:
  every_n_epochs: 1
gpu:
  mixed_precision: auto
  tf32: auto
  cudnn_benchmark: auto
  channels_last: auto
  empty_cache_freq: 0
checkpoint:
  dirpath: auto
  every_n_epochs: 1
  save_top_k: 1
  save_last: true
  monitor: val_loss
  mode: min
  filename: "epoch_{epoch:02d}-step_{step}"
  async: true
  min_free_gb: auto
log:
  log_interval: auto
  gpu_log_interval: auto
  tensorboard: true
  csv: true
launch:
  worker: tlaunch-worker
  nproc: auto
  threads_per_rank: auto
  numa: none
  grace_s: 30
  max_restarts: 0
  hang_timeout_s: auto
  max_time: none
  on_end: none
tune:
  enabled: true
  budget_s: auto
  cache: true
  margin: auto
  team_file: none
  keep_micro_batch: false
)");
}

TEST_F(RoundTrip, AnAutomaticSaveIntervalDisplacesTheOthersAndStaysAutomatic) {
  const RunConfig c = load(image, {"checkpoint.every_n_epochs=3", "checkpoint.every_n_steps=auto"});
  EXPECT_FALSE(c.checkpoint.every_n_epochs || c.checkpoint.every_n_steps);
  EXPECT_THAT(to_yaml(c, test::worker()), testing::HasSubstr("every_n_steps: auto\n"));
  EXPECT_FALSE(again(c).checkpoint.every_n_epochs);
  EXPECT_EQ(load(image, {"checkpoint.every_n_steps=auto", "checkpoint.every_n_epochs=3"}).checkpoint.every_n_epochs, 3);
}

TEST_F(RoundTrip, FlattenListsDottedKeys) {
  const auto flat = flatten(load(image, {"train.max_steps=7"}));
  const std::map<std::string, std::string> values(flat.begin(), flat.end());
  EXPECT_EQ(values.at("train.max_steps"), "7");
  EXPECT_FALSE(values.contains("train.epochs"));
  EXPECT_EQ(values.at("model.depth"), "8");
  EXPECT_EQ(values.at("data.augment"), "true");
  EXPECT_EQ(values.at("train.batch_size"), "auto");
  EXPECT_EQ(flat.front().first, "name");
}

// A value that a schema key's rule allows, as text.
std::string any_value(const SchemaKey& key) {
  const ValueRule& rule = key.rule;
  if (!rule.empty_word.empty() && *rc::gen::inRange(0, 3) == 0) return rule.empty_word;
  if (!rule.choices.empty()) return to_text(*rc::gen::elementOf(rule.choices));
  switch (rule.type) {
    case OptionType::boolean: return *rc::gen::element<std::string>("true", "false");
    case OptionType::integer:
      return std::to_string(*rc::gen::inRange<std::int64_t>(static_cast<std::int64_t>(rule.min.value_or(0)),
                                                            static_cast<std::int64_t>(rule.max.value_or(1e15))));
    case OptionType::real: {
      const double low = rule.min.value_or(0), high = rule.max.value_or(1e6);
      return to_text(low + (high - low) * *rc::gen::inRange(1, 1'000'000) / 1e6);
    }
    case OptionType::text: break;
  }
  if (key.key == "launch.max_time") return *rc::gen::element<std::string>("8h", "1d 12h", "90min");
  if (key.key == "launch.on_end") return *rc::gen::element<std::string>("mail me", R"('a b' "c: $x" \# 'it'"'"'s')");
  if (key.check) return *rc::gen::element<std::string>("1", "auto", "cpu");
  // Anything without control characters.
  return "x" +
         *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZ9 :#'\"\\${}[]*&!|>%@`-?,~/.\xC3\xA9")));
}

TEST_F(RoundTrip, AnyValidConfigReadsBackTheSame) {
  const auto result = rc::check([&] {
    RunConfig config = load(image);
    for (const SchemaKey& key : schema()) {
      if (key.key == "model.name" || key.key == "data.name") continue;
      const std::string text = any_value(key);
      if (!key.group.empty()) {  // of a group only the last one drawn counts
        if (!*rc::gen::arbitrary<bool>()) continue;
        for (const std::string& sibling : group_siblings(key)) set(*schema_key(sibling), config, std::nullopt);
      }
      ParsedValue parsed = parse_value(text, key.rule);
      RC_ASSERT(parsed.problem.empty());
      if (key.path != PathBase::none && key.path != PathBase::command && key.path != PathBase::name && parsed.value)
        parsed.value = "/" + std::get<std::string>(*parsed.value);
      set(key, config, parsed.value);
    }
    // Left out: paths are changed on loading, and combinations of settings have their own tests.
    if (config.model.weights) config.model.weights = std::filesystem::path(*config.model.weights).lexically_normal();
    config.checkpoint.monitor = "val_loss";
    config.data.root = "/some/where #1";
    if (config.checkpoint.dirpath) config.checkpoint.dirpath = "/ck: $${x} ${y} $z";
    config.run_root = "/runs $z";
    config.launch.worker = *rc::gen::element<std::string>("worker", "worker $z", "/bin/$z ~");
    config.train.optimizer = OptimizerKind::sgd;
    config.train.batch_size = config.train.gradient_accumulation_steps = std::nullopt;
    config.train.schedule = config.train.step_epochs ? ScheduleKind::step : ScheduleKind::constant;
    config.model.dtype = FloatType::float32;
    config.deterministic = false;
    if (config.model.weights && config.model.weights->ends_with('/')) config.model.weights = "/w";
    if (config.tune.team_file) config.tune.team_file = "/team #1";
    RC_ASSERT(flatten(again(config)) == flatten(config));
    RC_ASSERT(to_yaml(again(config), test::worker()) == to_yaml(config, test::worker()));
  });
  EXPECT_TRUE(result);
}

}  // namespace
}  // namespace tlaunch
