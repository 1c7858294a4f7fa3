#include "data/images/image_augment.h"

#include <algorithm>
#include <cstring>

#include "worker/counter_rng.h"

namespace tlaunch {

CropFlip draw_crop_flip(const AugmentKey& key, std::int64_t sample, std::int64_t padding) {
  constexpr std::uint64_t stream = 0x6175676D656E74;  // "augment": other numbers than the sampler's under the same key
  const std::uint64_t random =
      splitmix64(splitmix64(epoch_key(key.seed, key.epoch) ^ stream) + static_cast<std::uint64_t>(sample));
  const auto shift = [&](int bit) {  // from 16 bits of `random`
    const auto bits = static_cast<std::int64_t>(random >> bit & 0xFFFF);
    return bits * (2 * padding + 1) / 0x10000 - padding;
  };
  return {shift(0), shift(16), (random >> 63) != 0};
}

void copy_crop_flip(const std::uint8_t* source, std::uint8_t* target, std::int64_t height, std::int64_t width,
                    const CropFlip& how) {
  // Columns of the target that lie within the source.
  const std::int64_t begin = std::clamp<std::int64_t>(-how.right, 0, width);
  const std::int64_t end = std::clamp<std::int64_t>(width - how.right, begin, width);
  for (std::int64_t y = 0; y < height; ++y, target += width) {
    const std::int64_t from = y + how.down;
    if (from < 0 || from >= height) {
      std::memset(target, 0, static_cast<std::size_t>(width));
      continue;
    }
    std::memset(target, 0, static_cast<std::size_t>(begin));
    if (end > begin) {
      std::memcpy(target + begin, source + from * width + begin + how.right, static_cast<std::size_t>(end - begin));
    }
    std::memset(target + end, 0, static_cast<std::size_t>(width - end));
    if (how.flip) std::reverse(target, target + width);
  }
}

}  // namespace tlaunch
