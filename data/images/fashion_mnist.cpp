// Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28 x 28, from IDX files. The test images are the
// validation split.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "data/builtin.h"
#include "data/images/idx.h"
#include "data/images/image_augment.h"
#include "data/node_cache.h"

namespace tlaunch {
namespace {

constexpr std::int64_t num_classes = 10;
constexpr double mean = 0.2860, standard_deviation = 0.3530;  // of the training pixels, on the scale 0..1

struct Part {
  IdxFile images, labels;
  std::int64_t size() const { return images.dimensions[0]; }
  std::int64_t height() const { return images.dimensions[1]; }
  std::int64_t width() const { return images.dimensions[2]; }
};

Part open_part(const std::string& root, const std::string& prefix, const std::string& cache_folder) {
  Part part{open_idx(root + "/" + prefix + "-images-idx3-ubyte", 3, cache_folder),
            open_idx(root + "/" + prefix + "-labels-idx1-ubyte", 1, cache_folder)};
  const IdxFile& labels = part.labels;
  if (labels.dimensions[0] != part.size()) {
    throw DataError(format_text("{}: byte 4: there are {} labels, but {} has {} images", labels.path,
                                labels.dimensions[0], part.images.path, part.size()));
  }
  const auto bad =
      std::find_if(labels.values.begin(), labels.values.end(), [](std::uint8_t label) { return label >= num_classes; });
  if (bad != labels.values.end()) {
    const auto index = static_cast<std::size_t>(bad - labels.values.begin());
    throw DataError(format_text("{}: byte {}: label {} is not in 0..{}", labels.path, labels.values_offset + index,
                                *bad, num_classes - 1));
  }
  return part;
}

class FashionMnist : public Dataset {
 public:
  // `image_size`: the side length to which images are resized; 0: they are not resized.
  FashionMnist(Part train, Part val, bool augment, std::int64_t image_size)
      : train_(std::move(train)),
        val_(std::move(val)),
        augment_(augment),
        height_(image_size > 0 ? image_size : train_.height()),
        width_(image_size > 0 ? image_size : train_.width()),
        padding_(std::max(train_.height(), train_.width()) > 28 ? 4 : 2) {
    if (val_.height() != train_.height() || val_.width() != train_.width()) {
      throw DataError(format_text("{}: byte 8: the images have another size than those of {}", val_.images.path,
                                  train_.images.path));
    }
    for (const IdxFile* file : {&train_.images, &train_.labels, &val_.images, &val_.labels}) {
      if (file->private_because.empty()) continue;
      std::cerr << format_text(
          "fashion_mnist: this process decodes the images for itself, without the shared cache: {}\n",
          file->private_because);
      break;  // one line is enough
    }
  }

  SampleShape shape() const override {
    return {.kind = "image", .channels = 1, .height = height_, .width = width_, .num_classes = num_classes};
  }

  std::int64_t size(Split split) const override { return part(split).size(); }

  std::string checksum(Split split) const override {
    const Part& of = part(split);
    const std::int64_t size[] = {of.size(), of.height(), of.width()};
    std::uint32_t sum = crc32c(std::as_bytes(std::span(size)));
    for (const IdxFile* file : {&of.labels, &of.images}) sum = crc32c(std::as_bytes(file->values), sum);
    return crc32c_text(sum);
  }

  Batch collate(Split split, std::span<const std::int64_t> indices, const AugmentKey* augment) const override {
    const Part& from = part(split);
    const std::int64_t height = from.height(), width = from.width(), pixels = height * width;
    const auto n = static_cast<std::int64_t>(indices.size());
    Batch batch{torch::empty({n, 1, height, width}, torch::kUInt8), torch::empty({n}, torch::kInt64)};
    auto* image = batch.input.mutable_data_ptr<std::uint8_t>();
    auto* target = batch.target.mutable_data_ptr<std::int64_t>();
    for (const std::int64_t index : indices) {
      const std::uint8_t* source = from.images.values.data() + index * pixels;
      if (augment != nullptr && augment_) {
        copy_crop_flip(source, image, height, width, draw_crop_flip(*augment, index, padding_));
      } else {
        std::memcpy(image, source, static_cast<std::size_t>(pixels));
      }
      image += pixels;
      *target++ = from.labels.values[static_cast<std::size_t>(index)];
    }
    return batch;
  }

  torch::Tensor prepare(const torch::Tensor& input, torch::Dtype dtype) const override {
    const auto scaled = input.to(dtype).div_(255).sub_(mean).div_(standard_deviation);
    if (height_ == train_.height() && width_ == train_.width()) return scaled;
    return at::upsample_bilinear2d(scaled, {height_, width_}, /*align_corners=*/false);
  }

 private:
  const Part& part(Split split) const { return split == Split::train ? train_ : val_; }

  const Part train_, val_;
  const bool augment_;
  const std::int64_t height_, width_;  // of the model's input
  const std::int64_t padding_;
};

}  // namespace

DatasetDescription describe_fashion_mnist() {
  DatasetDescription description;
  description.name = "fashion_mnist";
  description.summary =
      "Fashion-MNIST: 60,000 + 10,000 grey images of clothes, 28 x 28, 10 classes (Debian: dataset-fashion-mnist)";
  description.sample_kind = "image";
  description.default_root = "/usr/share/datasets/fashion-mnist";
  description.options = {{.key = "augment",
                          .type = OptionType::boolean,
                          .default_value = true,
                          .unit = "",
                          .meaning = "Random crop and horizontal flip of the training images.",
                          .choices = {},
                          .min = {},
                          .max = {}},
                         {.key = "image_size",
                          .type = OptionType::integer,
                          .default_value = std::int64_t{0},
                          .unit = "px",
                          .meaning = "Side length to which the device resizes images (bilinear); 0: no resizing.",
                          .choices = {},
                          .min = 0,
                          .max = 4096}};
  return description;
}

std::unique_ptr<Dataset> make_fashion_mnist(const DataConfig& data, const Options&) {
  try {
    const std::string folder = default_cache_folder();
    Part train = open_part(data.root, "train", folder);
    Part val = open_part(data.root, "t10k", folder);
    return std::make_unique<FashionMnist>(std::move(train), std::move(val), data.options.flag("augment"),
                                          data.options.integer("image_size"));
  } catch (const DataError& error) {
    if (std::filesystem::exists(data.root + "/train-images-idx3-ubyte") ||
        std::filesystem::exists(data.root + "/train-images-idx3-ubyte.gz"))
      throw;
    const std::string usual = describe_fashion_mnist().default_root;
    throw DataError(format_text("{}; data.root must be a folder with the four files of Fashion-MNIST{}{}", error.what(),
                                data.root != usual && std::filesystem::exists(usual)
                                    ? ", for example "
                                    : ": Debian's package dataset-fashion-mnist installs them in ",
                                usual));
  }
}

}  // namespace tlaunch
