#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "data/dataset.h"
#include "data/images/image_augment.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/data/fixture.h"
#include "tests/unit/data/idx_files.h"

namespace tlaunch {
namespace {

using test::TempDir;
using test::write;
using Indices = std::vector<std::int64_t>;
const char* const file_names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                  "t10k-labels-idx1-ubyte"};

std::unique_ptr<Dataset> open_fashion_mnist(const std::string& root, bool augment = true, std::int64_t image_size = 0) {
  DataConfig config;
  config.name = "fashion_mnist";
  config.root = root;
  config.options.set("augment", augment);
  config.options.set("image_size", image_size);
  return make_dataset(config, Options());
}

class FashionMnistTest : public ::testing::Test {
 protected:
  const TempDir root, cache;
  CacheHome cache_home{cache.path()};
};

TEST_F(FashionMnistTest, ReadsPlainAndGzippedFilesByteForByte) {
  const SmallImages train{13, 4, 5}, val{6, 4, 5};
  for (const bool gz : {false, true}) {
    const TempDir folder;
    write_fashion_mnist(folder, train, val, gz);
    const auto data = open_fashion_mnist(folder.path());
    EXPECT_EQ(data->size(Split::train), 13);
    EXPECT_EQ(data->size(Split::val), 6);
    const SampleShape shape = data->shape();
    EXPECT_EQ(shape.kind, "image");
    EXPECT_EQ(shape.channels, 1);
    EXPECT_EQ(shape.height, 4);
    EXPECT_EQ(shape.width, 5);
    EXPECT_EQ(shape.num_classes, 10);
    const Batch batch = data->collate(Split::train, Indices{12, 0, 7}, nullptr);
    ASSERT_EQ(batch.input.sizes(), (torch::IntArrayRef{3, 1, 4, 5}));
    ASSERT_EQ(batch.input.dtype(), torch::kUInt8);
    const auto* pixel = batch.input.const_data_ptr<std::uint8_t>();
    for (const std::uint32_t image : {12u, 0u, 7u}) {
      for (std::uint32_t p = 0; p < 20; ++p) ASSERT_EQ(*pixel++, train.pixel(image, p));
    }
    EXPECT_TRUE(batch.target.equal(torch::tensor({2, 0, 7}, torch::kInt64)));
    EXPECT_EQ(data->collate(Split::val, Indices{5}, nullptr).target.item<std::int64_t>(), 5);
  }
}

TEST_F(FashionMnistTest, ImagesAreResizedOnTheirWayToTheModel) {
  write_fashion_mnist(root, {4, 2, 2}, {4, 2, 2}, false);
  const auto data = open_fashion_mnist(root.path(), true, 4);
  EXPECT_EQ(data->shape().height, 4);
  EXPECT_EQ(data->shape().width, 4);
  const auto bytes = torch::tensor({0, 255, 0, 255}, torch::kUInt8).view({1, 1, 2, 2});
  const auto ready = data->prepare(bytes, torch::kFloat64);
  ASSERT_EQ(ready.sizes(), (torch::IntArrayRef{1, 1, 4, 4}));
  const auto row = (ready * 0.3530 + 0.2860).select(2, 3).flatten();  // bilinear, pixel centres: 0, 1/4, 3/4, 1
  EXPECT_TRUE(torch::allclose(row, torch::tensor({0.0, 0.25, 0.75, 1.0}, torch::kFloat64), 1e-6, 1e-6)) << row;
}

TEST_F(FashionMnistTest, PrepareScalesAndNormalisesInTheAskedType) {
  write_fashion_mnist(root, {4, 2, 2}, {4, 2, 2}, false);
  const auto data = open_fashion_mnist(root.path());
  const auto bytes = torch::tensor({0, 255, 51, 102}, torch::kUInt8).view({1, 1, 2, 2});
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto ready = data->prepare(bytes, dtype);
    EXPECT_EQ(ready.dtype(), dtype);
    const auto expected = torch::tensor(
        {-0.2860 / 0.3530, (1 - 0.2860) / 0.3530, (0.2 - 0.2860) / 0.3530, (0.4 - 0.2860) / 0.3530}, torch::kFloat64);
    EXPECT_TRUE(torch::allclose(ready.flatten().to(torch::kFloat64), expected, 1e-6, 1e-6)) << ready;
  }
  EXPECT_TRUE(bytes.equal(torch::tensor({0, 255, 51, 102}, torch::kUInt8).view({1, 1, 2, 2})))
      << "the batch itself is left alone";
}

TEST_F(FashionMnistTest, TruncationAtAnyByteIsADataErrorThatNamesTheFile) {
  for (const bool gz : {false, true}) {
    for (const char* name : file_names) {
      const TempDir folder;
      write_fashion_mnist(folder, {5, 3, 3}, {3, 3, 3}, gz);
      const std::string file = folder / (gz ? std::string(name) + ".gz" : name);
      for (auto size = std::filesystem::file_size(file); size-- > 0;) {
        std::filesystem::resize_file(file, size);
        const std::string message = message_of<DataError>([&] { open_fashion_mnist(folder.path()); });
        ASSERT_NE(message.find(file), std::string::npos) << "cut to " << size << " bytes: " << message;
        ASSERT_NE(message.find("byte"), std::string::npos) << message;
      }
    }
  }
}

TEST_F(FashionMnistTest, AnyFlippedBitOfAGzippedFileIsFoundOrHarmless) {
  write_fashion_mnist(root, {5, 3, 3}, {3, 3, 3}, true);
  const std::string file = root / "train-images-idx3-ubyte.gz";
  const auto good = open_fashion_mnist(root.path())->collate(Split::train, Indices{0, 1, 2, 3, 4}, nullptr);
  const FileBytes bytes = gzipped(SmallImages{5, 3, 3}.images());
  int found = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    FileBytes damaged = bytes;
    damaged[at] ^= 0x10;
    // A new folder each time: the cache distinguishes files by path, size and time, and these times are too close.
    const TempDir folder;
    write_fashion_mnist(folder, {5, 3, 3}, {3, 3, 3}, true);
    write(folder / "train-images-idx3-ubyte.gz", damaged);
    try {
      const auto got = open_fashion_mnist(folder.path())->collate(Split::train, Indices{0, 1, 2, 3, 4}, nullptr);
      EXPECT_TRUE(got.input.equal(good.input)) << "byte " << at;  // flips in the gzip header's time or system
    } catch (const DataError& error) {
      ++found;
      EXPECT_NE(std::string(error.what()).find("train-images-idx3-ubyte.gz"), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(found, static_cast<int>(bytes.size()) - 8)
      << "six bytes of the header say nothing, nor do the last bits of the data";
}

TEST_F(FashionMnistTest, WrongFilesAreRefusedWithTheByte) {
  const SmallImages small{4, 3, 3};
  struct Case {
    const char* name;
    FileBytes bytes;
    const char* says;
  };
  FileBytes magic = small.images(), label = small.labels(), trailing = small.images(), huge = small.images(),
            zero = small.images();
  magic[3] = 1;
  label.back() = 10;
  trailing.push_back(0);
  huge[4] = huge[8] = huge[12] = 0xFF;  // the product overflows 64 bits
  zero[11] = 0;
  const Case cases[] = {
      {"train-images-idx3-ubyte", magic, "byte 0: not the IDX file"},
      {"train-labels-idx1-ubyte", label, "byte 11: label 10 "},
      {"train-images-idx3-ubyte", trailing, "byte 52: the file has more bytes"},
      {"train-images-idx3-ubyte", huge, "byte 4: the header claims more"},
      {"train-images-idx3-ubyte", zero, "byte 8: a dimension is 0"},
      {"train-labels-idx1-ubyte", SmallImages{3, 1, 1}.labels(), "3 labels"},
      {"t10k-images-idx3-ubyte", SmallImages{4, 3, 2}.images(), "another size"},
  };
  for (const bool gz : {false, true}) {
    for (const Case& c : cases) {
      const TempDir folder;
      write_fashion_mnist(folder, small, small, gz);
      write(folder / (gz ? std::string(c.name) + ".gz" : c.name), gz ? gzipped(c.bytes) : c.bytes);
      const std::string message = message_of<DataError>([&] { open_fashion_mnist(folder.path()); });
      EXPECT_NE(message.find(c.name), std::string::npos) << message;
      EXPECT_NE(message.find(c.says), std::string::npos) << message;
    }
  }
}

TEST_F(FashionMnistTest, AbsentFilesAreNamed) {
  const std::string message = message_of<DataError>([&] { open_fashion_mnist(root / "nowhere"); });
  EXPECT_NE(message.find((root / "nowhere/train-images-idx3-ubyte").string()), std::string::npos) << message;
  EXPECT_NE(message.find("data.root must be a folder with"), std::string::npos) << message;
  EXPECT_NE(message.find("/usr/share/datasets/fashion-mnist"), std::string::npos) << message;
}

TEST_F(FashionMnistTest, AugmentationDependsOnSeedEpochAndSampleOnly) {
  write_fashion_mnist(root, {50, 28, 28}, {2, 28, 28}, false);
  const auto data = open_fashion_mnist(root.path());
  Indices all(50);
  std::iota(all.begin(), all.end(), 0);
  const AugmentKey key{3, 4};
  const auto whole = data->collate(Split::train, all, &key).input;

  // Another composition and order of batches, made by two threads at once.
  std::vector<torch::Tensor> single(50);
  const auto make_half = [&](std::int64_t parity) {
    for (std::int64_t i = 48 + parity; i >= 0; i -= 2) {
      single[static_cast<std::size_t>(i)] = data->collate(Split::train, Indices{i}, &key).input;
    }
  };
  std::thread odd(make_half, 1);
  make_half(0);
  odd.join();
  EXPECT_TRUE(torch::cat(single).equal(whole));

  const AugmentKey other_epoch{3, 5}, other_seed{4, 4};
  EXPECT_FALSE(data->collate(Split::train, all, &other_epoch).input.equal(whole));
  EXPECT_FALSE(data->collate(Split::train, all, &other_seed).input.equal(whole));
}

TEST_F(FashionMnistTest, AugmentFalseAndEvaluationLeaveImagesAlone) {
  write_fashion_mnist(root, {20, 28, 28}, {2, 28, 28}, false);
  Indices all(20);
  std::iota(all.begin(), all.end(), 0);
  const AugmentKey key{0, 0};
  const auto augmenting = open_fashion_mnist(root.path()), plain = open_fashion_mnist(root.path(), false);
  const auto untouched = augmenting->collate(Split::train, all, nullptr).input;
  EXPECT_TRUE(plain->collate(Split::train, all, &key).input.equal(untouched));
  EXPECT_FALSE(augmenting->collate(Split::train, all, &key).input.equal(untouched));
}

TEST(CropFlip, MovesAndMirrorsPixels) {
  const std::uint8_t source[] = {1, 2, 3, 4, 5, 6};  // 2 x 3
  const auto moved = [&](CropFlip how) {
    FileBytes target(6, 99);
    copy_crop_flip(source, target.data(), 2, 3, how);
    return target;
  };
  EXPECT_EQ(moved({0, 0, false}), (FileBytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(moved({0, 0, true}), (FileBytes{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(moved({1, 0, false}), (FileBytes{4, 5, 6, 0, 0, 0}));
  EXPECT_EQ(moved({-1, 0, false}), (FileBytes{0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(moved({0, 1, false}), (FileBytes{2, 3, 0, 5, 6, 0}));
  EXPECT_EQ(moved({0, -2, true}), (FileBytes{1, 0, 0, 4, 0, 0}));
  EXPECT_EQ(moved({2, 0, false}), FileBytes(6, 0));
  EXPECT_EQ(moved({0, -4, false}), FileBytes(6, 0)) << "moved out of the image altogether";
  EXPECT_EQ(moved({0, 4, false}), FileBytes(6, 0));
}

TEST(CropFlip, DrawsEveryShiftAndBothSidesEvenly) {
  constexpr int n = 50000;
  int down[5] = {}, right[5] = {}, flips = 0;
  for (int i = 0; i < n; ++i) {
    const CropFlip how = draw_crop_flip({1, 2}, i, 2);
    ASSERT_LE(std::abs(how.down), 2);
    ASSERT_LE(std::abs(how.right), 2);
    ++down[how.down + 2];
    ++right[how.right + 2];
    flips += how.flip;
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(down[i], n / 5, 500);
    EXPECT_NEAR(right[i], n / 5, 500);
  }
  EXPECT_NEAR(flips, n / 2, 600);
}

TEST_F(FashionMnistTest, TheChecksumIsOfTheContentWhereverItLies) {
  const TempDir here, there, more;
  write_fashion_mnist(here, {13, 4, 5}, {6, 4, 5}, false);
  write_fashion_mnist(there, {13, 4, 5}, {6, 4, 5}, true);
  write_fashion_mnist(more, {13, 4, 5}, {7, 4, 5}, false);
  const auto identity = [](const TempDir& folder) { return data_identity(*open_fashion_mnist(folder.path())); };
  const DataIdentity before = identity(here);
  EXPECT_EQ(before, identity(there)) << "plain or gzipped";
  EXPECT_EQ(before.train, identity(more).train);
  EXPECT_NE(before.evaluation, identity(more).evaluation);
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
    std::string bytes = test::content(here / name);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write(here / name, bytes);
    EXPECT_NE(identity(here).train, before.train) << name;
    EXPECT_EQ(identity(here).evaluation, before.evaluation);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write(here / name, bytes);
  }
  EXPECT_EQ(identity(here), before);
}

TEST_F(FashionMnistTest, RealFilesHoldWhatTheyShould) {
  const std::string real = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(real)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const auto data = open_fashion_mnist(real);
  ASSERT_EQ(data->size(Split::train), 60000);
  ASSERT_EQ(data->size(Split::val), 10000);
  for (const Split split : {Split::train, Split::val}) {
    Indices all(static_cast<std::size_t>(data->size(split)));
    std::iota(all.begin(), all.end(), 0);
    const Batch batch = data->collate(split, all, nullptr);
    EXPECT_TRUE(batch.target.bincount().equal(torch::full({10}, data->size(split) / 10, torch::kInt64)))
        << "classes are balanced";
    if (split == Split::train) {
      const auto pixels = batch.input.to(torch::kFloat32).div_(255);
      EXPECT_NEAR(pixels.mean().item<double>(), 0.2860, 1e-4);
      EXPECT_NEAR(pixels.std().item<double>(), 0.3530, 1e-4);
    }
  }
}

}  // namespace
}  // namespace tlaunch
