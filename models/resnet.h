// Residual networks, with the parameter names and the initialisation of torchvision's ResNet. Depths 8, 14, 20, 32, 44
// and 56 are the CIFAR family (He et al. 2015, section 4.2): three stages of basic blocks, widths w, 2w, 4w. Depths 18
// and 34 have four stages of basic blocks, 50 four of bottlenecks; with width 64 and the large stem these are
// torchvision's own. A shortcut that changes shape is always a 1x1 convolution with BatchNorm (option B).
#pragma once

#include <memory>

#include "models/model.h"

namespace tlaunch {

ModelDescription resnet_description();
// Throws UsageError if the image is too small for the stem and the stages.
std::shared_ptr<Model> make_resnet(const Options& options, const SampleShape& shape);

}  // namespace tlaunch
