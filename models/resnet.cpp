#include "models/resnet.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

struct Layout {
  std::int64_t depth = 0;
  std::vector<std::int64_t> blocks;  // per stage
  bool bottleneck = false;
  std::int64_t expansion() const { return bottleneck ? 4 : 1; }
};

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all = {
      {8, {1, 1, 1}, false},  {14, {2, 2, 2}, false},   {18, {2, 2, 2, 2}, false},
      {20, {3, 3, 3}, false}, {32, {5, 5, 5}, false},   {34, {3, 4, 6, 3}, false},
      {44, {7, 7, 7}, false}, {50, {3, 4, 6, 3}, true}, {56, {9, 9, 9}, false},
  };
  return all;
}

const Layout& layout_of(std::int64_t depth) {
  const auto found = std::ranges::find(layouts(), depth, &Layout::depth);
  if (found == layouts().end()) throw UsageError(format_text("model.depth: there is no resnet of depth {}", depth));
  return *found;
}

torch::nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

// Basic: 3x3, 3x3. Bottleneck: 1x1, 3x3 (with the stride, as in torchvision), 1x1 to `planes` x 4.
class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(std::int64_t in, std::int64_t planes, std::int64_t stride, bool bottleneck,
            torch::nn::Sequential downsample) {
    conv1_ = register_module("conv1", bottleneck ? conv(in, planes, 1, 1) : conv(in, planes, 3, stride));
    bn1_ = register_module("bn1", torch::nn::BatchNorm2d(planes));
    conv2_ = register_module("conv2", conv(planes, planes, 3, bottleneck ? stride : 1));
    bn2_ = register_module("bn2", torch::nn::BatchNorm2d(planes));
    if (bottleneck) {
      conv3_ = register_module("conv3", conv(planes, planes * 4, 1, 1));
      bn3_ = register_module("bn3", torch::nn::BatchNorm2d(planes * 4));
    }
    if (downsample) downsample_ = register_module("downsample", downsample);
  }

  torch::Tensor forward(const torch::Tensor& input) {
    torch::Tensor out = bn1_(conv1_(input)).relu_();
    out = bn2_(conv2_(out));
    if (conv3_) out = bn3_(conv3_(out.relu_()));
    out += downsample_ ? downsample_->forward(input) : input;
    return out.relu_();
  }

 private:
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr}, conv3_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr}, bn2_{nullptr}, bn3_{nullptr};
  torch::nn::Sequential downsample_{nullptr};
};
TORCH_MODULE(Block);

class ResNet : public Model {
 public:
  ResNet(const Layout& layout, std::int64_t width, bool large_stem, std::int64_t channels, std::int64_t num_classes)
      : large_stem_(large_stem) {
    conv1_ = register_module("conv1", large_stem ? conv(channels, width, 7, 2) : conv(channels, width, 3, 1));
    bn1_ = register_module("bn1", torch::nn::BatchNorm2d(width));
    std::int64_t in = width;
    for (std::size_t stage = 0; stage < layout.blocks.size(); ++stage) {
      const auto made = make_stage(layout, in, width << stage, stage == 0 ? 1 : 2, layout.blocks[stage]);
      stages_.push_back(register_module("layer" + std::to_string(stage + 1), made));
      in = (width << stage) * layout.expansion();
    }
    fc_ = register_module("fc", torch::nn::Linear(in, num_classes));
    // BatchNorm needs no code here: its default is torchvision's, weight 1 and bias 0.
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* convolution = module->as<torch::nn::Conv2d>()) {
        torch::nn::init::kaiming_normal_(convolution->weight, 0, torch::kFanOut, torch::kReLU);
      }
    }
  }

  torch::Tensor forward(const torch::Tensor& input) override {
    torch::Tensor x = bn1_(conv1_(input)).relu_();
    if (large_stem_) x = torch::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
    for (auto& stage : stages_) x = stage->forward(x);
    return fc_(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  // Modules are made in torchvision's order, so that a seed draws the same numbers as there.
  static torch::nn::Sequential make_stage(const Layout& layout, std::int64_t in, std::int64_t planes,
                                          std::int64_t stride, std::int64_t blocks) {
    const std::int64_t out = planes * layout.expansion();
    torch::nn::Sequential downsample{nullptr};
    if (stride != 1 || in != out) {
      downsample = torch::nn::Sequential(conv(in, out, 1, stride), torch::nn::BatchNorm2d(out));
    }
    torch::nn::Sequential stage;
    stage->push_back(Block(in, planes, stride, layout.bottleneck, downsample));
    for (std::int64_t i = 1; i < blocks; ++i) {
      stage->push_back(Block(out, planes, 1, layout.bottleneck, torch::nn::Sequential{nullptr}));
    }
    return stage;
  }

  bool large_stem_;
  torch::nn::Conv2d conv1_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr};
  std::vector<torch::nn::Sequential> stages_;
  torch::nn::Linear fc_{nullptr};
};

}  // namespace

ModelDescription resnet_description() {
  ModelDescription description;
  description.name = "resnet";
  description.summary = "Residual network for images of 28 to 224 pixels, named and initialised as torchvision's.";
  description.sample_kind = "image";
  std::vector<OptionValue> depths;
  for (const Layout& layout : layouts()) depths.emplace_back(layout.depth);
  description.options = {
      {"depth",
       OptionType::integer,
       std::int64_t{8},
       "layers",
       "Layers with weights. 18 and 34: four stages of basic blocks; 50: four of bottlenecks; the others: three "
       "stages (CIFAR).",
       depths,
       {},
       {}},
      {"width",
       OptionType::integer,
       std::int64_t{16},
       "channels",
       "Channels of the first stage, doubled from stage to stage (torchvision's nets have 64).",
       {},
       1,
       512},
      {"stem",
       OptionType::text,
       std::string("small"),
       "",
       "small: 3x3 convolution, for images up to about 64 pixels; large: 7x7 with stride 2 and max-pooling.",
       {std::string("small"), std::string("large")},
       {},
       {}},
  };
  description.metrics = {"val_loss", "val_accuracy"};
  return description;
}

std::shared_ptr<Model> make_resnet(const Options& options, const SampleShape& shape) {
  const Layout& layout = layout_of(options.integer("depth"));
  const bool large_stem = options.text("stem") == "large";
  const int halvings = static_cast<int>(layout.blocks.size()) - 1 + (large_stem ? 2 : 0);
  // A map of one pixel cannot be halved: the smallest image keeps two pixels before the last halving.
  const std::int64_t smallest = (std::int64_t{1} << (halvings - 1)) + 1;
  if (std::min(shape.height, shape.width) < smallest) {
    throw UsageError(format_text(
        "model: a resnet of depth {} with the {} stem halves the image {} times and needs at least {} pixels per side, "
        "but the data set's images are {}x{}; use {}larger images",
        layout.depth, options.text("stem"), halvings, smallest, shape.height, shape.width,
        large_stem ? "model.stem=small or " : ""));
  }
  return std::make_shared<ResNet>(layout, options.integer("width"), large_stem, shape.channels, shape.num_classes);
}

}  // namespace tlaunch
