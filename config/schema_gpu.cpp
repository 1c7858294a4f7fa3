// The keys of `gpu:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> gpu_keys() {
  return {
      {.key = "gpu.mixed_precision",
       .field = TLAUNCH_FIELD(gpu.mixed_precision),
       .meaning = "Type for autocast, also on CPUs. off: no autocast. true means auto, and false means off.",
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
       .meaning = "Compute float32 matrix products and convolutions in TF32.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.cudnn_benchmark",
       .field = TLAUNCH_FIELD(gpu.cudnn_benchmark),
       .meaning = "Let cuDNN time its algorithms for each shape and use the fastest. Not allowed with deterministic.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.channels_last",
       .field = TLAUNCH_FIELD(gpu.channels_last),
       .meaning = "Store images and convolution weights in memory order NHWC, also on CPUs.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.empty_cache_freq",
       .field = TLAUNCH_FIELD(gpu.empty_cache_freq),
       .unit = "epochs",
       .meaning = "Epochs after which the caching allocator returns its unused memory to the GPU. 0: never.",
       .rule = {.min = 0, .max = 1e9}},
  };
}

}  // namespace tlaunch
