// Augmentation of uint8 images while they are copied into a batch: random crop of the zero-padded image and horizontal
// flip. Pure functions; crop and flip depend only on (seed, epoch, sample index).
#pragma once

#include <cstdint>

#include "data/dataset.h"

namespace tlaunch {

struct CropFlip {
  std::int64_t down = 0, right = 0;  // pixels by which the window is moved over the image, -padding..padding
  bool flip = false;
};

CropFlip draw_crop_flip(const AugmentKey& key, std::int64_t sample, std::int64_t padding);

// Copies one channel of one image, height x width bytes, from `source` to `target`.
void copy_crop_flip(const std::uint8_t* source, std::uint8_t* target, std::int64_t height, std::int64_t width,
                    const CropFlip& how);

}  // namespace tlaunch
