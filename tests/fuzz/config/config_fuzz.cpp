// Any bytes as a config file are either a config or a UsageError; and a config that loads, written out and read again,
// is the same config. The first line may hold an override after "#!".
#include <stdlib.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "config/config_loader.h"
#include "tests/support/temp_dir.h"

namespace {

tlaunch::WorkerDescription worker() {
  using namespace tlaunch;
  const auto option = [](const char* key, OptionType type, OptionValue value) {
    return OptionSpec{key, type, std::move(value), "", "", {}, {}, {}};
  };
  WorkerDescription worker;
  worker.models = {
      {"m",
       "",
       "image",
       {option("depth", OptionType::integer, std::int64_t{8}), option("stem", OptionType::text, std::string("s"))},
       {"val_loss", "val_accuracy"}}};
  worker.datasets = {{"d",
                      "",
                      "image",
                      "/data",
                      {option("augment", OptionType::boolean, true), option("share", OptionType::real, 0.5)},
                      {}}};
  return worker;
}

tlaunch::LoadedConfig load(const std::string& path, const std::string& text, std::vector<std::string> overrides) {
  tlaunch::test::write(path, text);
  static const tlaunch::WorkerDescription description = worker();
  return tlaunch::load_config({path, std::move(overrides), [](const std::string&) { return std::string("3"); }},
                              description);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tlaunch::test::TempDir folder;
  static const std::string path = folder / "c.yaml";
  static const tlaunch::WorkerDescription description = worker();
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> overrides;
  if (text.starts_with("#!")) overrides.push_back(text.substr(2, text.find('\n') - 2));
  try {
    const tlaunch::RunConfig config = load(path, text, overrides).config;
    const std::string yaml = to_yaml(config, description);
    if (to_yaml(load(path, yaml, {}).config, description) != yaml) ::abort();
  } catch (const tlaunch::UsageError&) {
  }
  return 0;
}
