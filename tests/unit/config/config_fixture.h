// A worker's description, a temporary folder, and short ways to load a config.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "config/config_loader.h"
#include "tests/support/temp_dir.h"

namespace tlaunch::test {

inline WorkerDescription worker() {
  WorkerDescription worker;
  worker.torch_version = "2.11.0+cu130";
  worker.cuda_version = "13.0";
  worker.cuda_architectures = {"sm_75", "sm_90"};
  const auto integer = [](const char* key, std::int64_t value, double min, const char* meaning) {
    OptionSpec option{.key = key,
                      .type = OptionType::integer,
                      .default_value = value,
                      .unit = "",
                      .meaning = meaning,
                      .choices = {},
                      .min = min,
                      .max = {}};
    return option;
  };
  const auto text = [](const char* key, const char* value, std::vector<OptionValue> choices, const char* meaning) {
    OptionSpec option{.key = key,
                      .type = OptionType::text,
                      .default_value = std::string(value),
                      .unit = "",
                      .meaning = meaning,
                      .choices = std::move(choices),
                      .min = {},
                      .max = {}};
    return option;
  };
  OptionSpec depth = integer("depth", 8, 1, "Layers.");
  depth.unit = "layers";
  depth.choices = {std::int64_t{8}, std::int64_t{14}, std::int64_t{20}};
  OptionSpec augment{.key = "augment",
                     .type = OptionType::boolean,
                     .default_value = true,
                     .unit = "",
                     .meaning = "Crop and flip | or not.",
                     .choices = {},
                     .min = {},
                     .max = {}};
  OptionSpec val_fraction{.key = "val_fraction",
                          .type = OptionType::real,
                          .default_value = 0.2,
                          .unit = "",
                          .meaning = "Share held back.",
                          .choices = {},
                          .min = 0.0,
                          .max = 0.5};

  worker.models.push_back({"lstm",
                           "DeepLog.",
                           "keys",
                           {integer("hidden_size", 64, 1, "Width."), integer("num_layers", 2, 1, "Layers."),
                            integer("window", 10, 1, "Keys seen."), integer("top_g", 9, 1, "Guesses."),
                            text("input", "scalar", {std::string("scalar"), std::string("embedding")}, "Input.")},
                           {"val_loss", "val_accuracy"}});
  worker.models.push_back({"resnet",
                           "Residual net.",
                           "image",
                           {depth, integer("width", 16, 1, "Channels."),
                            text("stem", "small", {std::string("small"), std::string("large")}, "First layers.")},
                           {"val_loss", "val_accuracy"}});
  worker.datasets.push_back({"fashion_mnist", "Clothes.", "image", "/usr/share/datasets/fashion-mnist", {augment}, {}});
  worker.datasets.push_back({"sessions", "Sessions of log keys.", "keys", "", {val_fraction}, {"precision", "recall"}});
  worker.datasets.push_back({"dpkg", "The package log.", "keys", "/var/log", {val_fraction}, {}});
  return worker;
}

class ConfigTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    test::write(folder / name, text);
    return folder / name;
  }

  ConfigSource source(const std::string& text, std::vector<std::string> overrides = {}) {
    return {write("c.yaml", text), std::move(overrides), [this](const std::string& name) -> std::optional<std::string> {
              const auto it = environment.find(name);
              if (it == environment.end()) return std::nullopt;
              return it->second;
            }};
  }

  RunConfig load(const std::string& text, std::vector<std::string> overrides = {}) {
    return load_config(source(text, std::move(overrides)), worker()).config;
  }

  // The message without the folder; "": the config is valid.
  std::string errors_of(const ConfigSource& from) {
    try {
      load_config(from, worker());
      return "";
    } catch (const UsageError& error) {
      EXPECT_EQ(error.code(), exit_code::usage);
      std::string text = error.what();
      const std::string prefix = folder.path().string() + "/";
      for (std::size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
      return text;
    }
  }
  std::string errors(const std::string& text, std::vector<std::string> overrides = {}) {
    return errors_of(source(text, std::move(overrides)));
  }

  TempDir folder;
  std::map<std::string, std::string> environment;
  const std::string image = "model: {name: resnet}\ndata: {name: fashion_mnist}\n";  // the smallest config
};

}  // namespace tlaunch::test
