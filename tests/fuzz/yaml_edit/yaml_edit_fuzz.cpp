// Any bytes as a YAML file: each edit is either refused with a UsageError or gives a file in which a second time
// changes nothing. edit_yaml itself compares the rest, and refuses an edit that would change other keys.
#include <stdlib.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "config/yaml/yaml_edit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto& [key, value] : {std::pair{"train.batch_size", "8"},
                                   {"gpu.mixed_precision", "bf16"},
                                   {"a", "x: y"},
                                   {"a.b", "8"},
                                   {"train.b.c", "off"}}) {
    const std::vector<tlaunch::YamlEdit> edits = {{tlaunch::yaml_path(key), value}};
    try {
      const std::string once = tlaunch::edit_yaml(text, edits, "c.yaml");
      if (tlaunch::edit_yaml(once, edits, "c.yaml") != once) ::abort();
    } catch (const tlaunch::UsageError&) {
    }
  }
  return 0;
}
