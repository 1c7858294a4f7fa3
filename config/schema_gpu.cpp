// The keys of `gpu:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> gpu_keys() {
  return {
      {.key = "gpu.mixed_precision",
       .field = TLAUNCH_FIELD(gpu.mixed_precision),
       .meaning = "Autocast type; bf16 on CPUs too. true is taken as auto and false as off.",
       .rule = {.empty_word = "auto",
                .spellings = {{"true", "auto"},
                              {"True", "auto"},
                              {"yes", "auto"},
                              {"on", "auto"},
                              {"false", "off"},
                              {"False", "off"},
                              {"no", "off"}}}},
      {.key = "gpu.tf32",
       .field = TLAUNCH_FIELD(gpu.tf32),
       .meaning = "TF32 in float32 matrix products and convolutions.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.cudnn_benchmark",
       .field = TLAUNCH_FIELD(gpu.cudnn_benchmark),
       .meaning = "cuDNN times its algorithms for each shape and keeps the fastest; not with deterministic.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.channels_last",
       .field = TLAUNCH_FIELD(gpu.channels_last),
       .meaning = "Images and convolution weights in memory order NHWC; on CPUs too.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.empty_cache_freq",
       .field = TLAUNCH_FIELD(gpu.empty_cache_freq),
       .unit = "epochs",
       .meaning = "The caching allocator gives its unused memory back every so many epochs; 0: never.",
       .rule = {.min = 0, .max = 1e9}},
  };
}

}  // namespace tlaunch
