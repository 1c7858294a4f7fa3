// Writes and reads files of torch.save. Reading gives back what was written; damaged and hostile archives are refused.
#include "checkpoint/torch_file/torch_file.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include <cstring>

#include "base/error.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "tests/unit/checkpoint/fixture.h"
#include "tests/unit/checkpoint/pickles.h"

namespace tlaunch {
namespace {

using namespace test;
using testing::HasSubstr;

std::string refusal(const std::string& path) {
  try {
    const TorchFile file(path);
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith(path));
    return error.what();
  }
  return "accepted";
}

bool same(const std::vector<TensorView>& a, std::vector<TensorView> b) {
  std::sort(b.begin(), b.end(), [](const auto& x, const auto& y) { return x.name < y.name; });
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const TensorView& x, const TensorView& y) {
    return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape && std::ranges::equal(x.data, y.data);
  });
}

// A file in memory, for tests that change it thousands of times.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("test", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {}
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& put(std::string_view bytes) const {
    EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(bytes.size())), 0);
    EXPECT_EQ(::pwrite(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return path_;
  }

 private:
  int fd_;
  std::string path_;
};

// A zip archive of these records, as zip_frame() lays it out.
std::string archive(std::vector<std::pair<std::string, std::string>> records) {
  std::vector<ZipInput> inputs;
  for (const auto& [name, data] : records) inputs.push_back({name, std::as_bytes(std::span(data))});
  std::string bytes;
  write_zip(
      [&](std::span<const std::byte> piece) {
        bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      inputs);
  return bytes;
}

std::string torch_archive(const std::string& data_pkl, const std::string& storage0) {
  return archive({{"a/data.pkl", data_pkl}, {"a/data/0", storage0}});
}

class TorchFiles : public testing::Test {
 protected:
  std::string put(const std::string& bytes) const {
    write(dir_ / "f.pt", bytes);
    return dir_ / "f.pt";
  }
  const TempDir dir_;
};

TEST_F(TorchFiles, WhatIsWrittenComesBack) {
  const SmallCheckpoint small;
  write_torch(dir_ / "f.pt", small.views());
  ASSERT_TRUE(is_torch_file(dir_ / "f.pt"));
  const TorchFile file(dir_ / "f.pt");
  EXPECT_TRUE(same(file.tensors(), small.views()));
  EXPECT_TRUE(file.left_out().empty());
  EXPECT_THAT(names(dir_), testing::ElementsAre("f.pt"));
}

TEST_F(TorchFiles, EqualTensorsAreEqualBytes) {
  const SmallCheckpoint small;
  write_torch(dir_ / "a.pt", small.views());
  write_torch(dir_ / "b.pt", small.views());
  EXPECT_EQ(content(dir_ / "a.pt"), content(dir_ / "b.pt"));
}

TEST_F(TorchFiles, EveryTruncationIsRefused) {
  write_torch(dir_ / "whole.pt", SmallCheckpoint().views());
  const std::string whole = content(dir_ / "whole.pt");
  const MemoryFile cut;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    ASSERT_NE(refusal(cut.put(whole.substr(0, bytes))), "accepted") << bytes;
}

TEST_F(TorchFiles, EveryFlippedBitIsRefusedOrChangesNothing) {
  const SmallCheckpoint small;
  write_torch(dir_ / "whole.pt", small.views());
  std::string bytes = content(dir_ / "whole.pt");
  const MemoryFile flipped;
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    try {
      const TorchFile file(flipped.put(bytes));
      ASSERT_TRUE(same(file.tensors(), small.views())) << "bit " << bit;
    } catch (const DataError&) {
      ++refused;
    }
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  }
  EXPECT_GT(refused, 4000u);
}

TEST_F(TorchFiles, TensorsNotInRowOrderAreGathered) {
  const std::vector<float> values{0, 1, 2, 3, 4, 5};
  const std::string data(reinterpret_cast<const char*>(values.data()), 24);
  // The transpose of a 2 x 3, its middle column, and one number repeated.
  const auto two = integer(2), three = integer(3), one = integer(1);
  const TorchFile file(
      put(torch_archive(pickle("}(" + unicode("column") + tensor(storage(6), 1, two, three) + unicode("repeated") +
                               tensor(storage(6), 4, two + two, integer(0) + integer(0)) + unicode("transposed") +
                               tensor(storage(6), 0, three + two, one + three) + "u"),
                        data)));
  const auto floats = [](const TensorView& view) {
    std::vector<float> all(view.data.size() / 4);
    std::memcpy(all.data(), view.data.data(), view.data.size());
    return all;
  };
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_THAT(floats(file.tensors()[0]), testing::ElementsAre(1, 4));
  EXPECT_THAT(floats(file.tensors()[1]), testing::ElementsAre(4, 4, 4, 4));
  EXPECT_THAT(floats(file.tensors()[2]), testing::ElementsAre(0, 3, 1, 4, 2, 5));
}

const std::string four_bytes = dict("w", tensor(storage(1), 0, "", ""));

TEST_F(TorchFiles, WhatIsNoTorchFileIsRefused) {
  EXPECT_THAT(refusal(put("")), HasSubstr("not a torch.save file"));
  EXPECT_THAT(refusal(put("{}")), HasSubstr("not a torch.save file"));
  EXPECT_THAT(refusal(put("<!DOCTYPE html><html>")), HasSubstr("is a web page"));
  EXPECT_THAT(refusal(put("\x80\x02\x8a\x0al\xfc\x9c\x46")), HasSubstr("a pickle that torch.save did not write"));
  EXPECT_THAT(refusal(put(archive({{"a/b", "x"}}))), HasSubstr("no NAME/data.pkl"));
  EXPECT_THAT(refusal(put(archive({{"a/b/data.pkl", "x"}}))), HasSubstr("no NAME/data.pkl"));
  EXPECT_THROW(is_torch_file(dir_ / "absent"), UsageError);
}

TEST_F(TorchFiles, StoragesThatDoNotFitAreRefused) {
  EXPECT_EQ(refusal(put(torch_archive(pickle(four_bytes), "1234"))), "accepted");
  EXPECT_THAT(refusal(put(torch_archive(pickle(four_bytes), "12345"))),
              HasSubstr("has 5 bytes, but the pickle says 4"));
  EXPECT_THAT(refusal(put(torch_archive(pickle(four_bytes), "123"))), HasSubstr("has 3 bytes"));
  EXPECT_THAT(refusal(put(archive({{"a/data.pkl", pickle(four_bytes)}}))), HasSubstr("has no record 'a/data/0'"));
  EXPECT_THAT(refusal(put(torch_archive(pickle(dict("w", tensor(storage(INT64_MAX / 2), 0, "", ""))), "1234"))),
              HasSubstr("has 4 bytes"));
  EXPECT_THAT(refusal(put(archive({{"a/data.pkl", pickle(four_bytes)}, {"a/byteorder", "big"}, {"a/data/0", "1234"}}))),
              HasSubstr("byte order is 'big'"));
}

TEST_F(TorchFiles, WhatComesToFarMoreThanTheFileIsRefused) {
  const auto repeated = [&](std::int64_t times) {
    return put(torch_archive(pickle(dict("w", tensor(storage(1), 0, integer(times), integer(0)))), "1234"));
  };
  EXPECT_EQ(refusal(repeated(1000)), "accepted");
  EXPECT_THAT(refusal(repeated(std::int64_t{1} << 40)), HasSubstr("share or repeat elements"));
  // Many whole views of one storage.
  const std::string data(1 << 20, 'x');
  std::string views = "}(";
  for (int i = 0; i < 200; ++i)
    views += unicode("w" + std::to_string(i)) + tensor(storage(1 << 18), 0, integer(1 << 18), integer(1));
  EXPECT_THAT(refusal(put(torch_archive(pickle(views + "u"), data))), HasSubstr("share or repeat elements"));
}

// ---- archives

std::vector<ZipRecord> parsed(const std::string& bytes) {
  const ReadAt read = [&](std::uint64_t at, std::span<std::byte> into) {
    if (at > bytes.size() || into.size() > bytes.size() - at) throw DataError("beyond");
    std::memcpy(into.data(), bytes.data() + at, into.size());
  };
  return parse_zip(read, bytes.size(), "z");
}

std::string zip_refusal(const std::string& bytes) {
  try {
    parsed(bytes);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

void set(std::string& bytes, std::size_t at, std::uint64_t value, int width) {
  bytes.replace(at, static_cast<std::size_t>(width), little(value, width));
}

class Zip : public testing::Test {
 protected:
  std::string bytes_ = archive({{"a", "first"}, {"b", "second"}});
  std::size_t central_ = bytes_.find("PK\x01\x02");
  std::size_t central_b_ = bytes_.find("PK\x01\x02", central_ + 1);
  std::size_t end64_ = bytes_.find("PK\x06\x06");
};

TEST_F(Zip, RecordsLieAtMultiplesOf64) {
  const auto records = parsed(bytes_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].name, "a");
  EXPECT_EQ(bytes_.substr(records[1].data_at, records[1].bytes), "second");
  for (const ZipRecord& record : records) EXPECT_EQ(record.data_at % 64, 0u);
}

TEST_F(Zip, ACommentAtTheEndIsAllowed) {
  std::string commented = bytes_;
  set(commented, bytes_.size() - 2, 5, 2);
  EXPECT_EQ(parsed(commented + "hello").size(), 2u);
}

TEST_F(Zip, HostileDirectoriesAreRefused) {
  const auto changed = [&](std::size_t at, std::uint64_t value, int width) {
    std::string bytes = bytes_;
    set(bytes, at, value, width);
    return zip_refusal(bytes);
  };
  EXPECT_THAT(changed(central_ + 10, 8, 2), HasSubstr("is compressed (method 8)"));
  EXPECT_THAT(changed(central_ + 8, 1, 2), HasSubstr("is encrypted"));
  EXPECT_THAT(changed(central_ + 20, 4, 4), HasSubstr("two different sizes"));
  EXPECT_THAT(changed(central_ + 20, 0xffffffff, 4), HasSubstr("lacks its zip64 sizes"));
  EXPECT_THAT(changed(central_ + 28, 0xffff, 2), HasSubstr("beyond the end of the zip directory"));
  EXPECT_THAT(changed(central_ + 42, 0xfffffff0, 4), HasSubstr("outside the records"));
  EXPECT_THAT(changed(central_ + 42, 1, 4), HasSubstr("has no header"));
  EXPECT_THAT(changed(central_b_ + 42, 0, 4), HasSubstr("another name in its header"));
  EXPECT_THAT(changed(central_b_ + 46, 'a', 1), HasSubstr("two records are named 'a'"));
  EXPECT_THAT(changed(end64_ + 32, UINT64_MAX, 8), HasSubstr("18446744073709551615 records"));
  EXPECT_THAT(changed(end64_ + 32, 1, 8), HasSubstr("follow the last entry"));
  EXPECT_THAT(changed(end64_ + 40, UINT64_MAX, 8), HasSubstr("outside the file"));
  EXPECT_THAT(changed(end64_ + 48, UINT64_MAX, 8), HasSubstr("outside the file"));
  EXPECT_THAT(changed(end64_ + 16, 1, 4), HasSubstr("several parts"));
  EXPECT_THAT(changed(end64_ + 56 + 8, UINT64_MAX, 8), HasSubstr("not before its locator"));
}

TEST_F(Zip, OverlappingRecordsAreRefused) {
  // Makes the first record so long, in both of its headers, that it reaches into the second one.
  std::string bytes = bytes_;
  for (const std::size_t sizes : {std::size_t{18}, central_ + 20})
    for (const std::size_t at : {sizes, sizes + 4}) set(bytes, at, 60, 4);
  EXPECT_THAT(zip_refusal(bytes), HasSubstr("'b' overlaps 'a'"));
}

TEST_F(Zip, MoreRecordsThan65535AreReadBack) {
  std::vector<std::pair<std::string, std::string>> records;
  for (int i = 0; i < 70'000; ++i) records.push_back({std::to_string(i), ""});
  EXPECT_EQ(parsed(archive(std::move(records))).size(), 70'000u);
}

TEST_F(Zip, SizesAndPlacesBeyond4GiBAreReadBack) {
  // Builds only the frame, without the data.
  std::vector<ZipRecord> records{{"huge", std::uint64_t{5} << 30, 1}, {"next", 7, 2}, {"last", 9, 3}};
  const ZipFrame frame = zip_frame(records);
  const std::uint64_t tail_at = records[2].data_at + 9;
  const ReadAt read = [&](std::uint64_t at, std::span<std::byte> into) {
    std::memset(into.data(), 0, into.size());
    const auto lay = [&](std::uint64_t place, const std::string& text) {
      for (std::size_t i = 0; i < text.size(); ++i)
        if (place + i >= at && place + i - at < into.size()) into[place + i - at] = static_cast<std::byte>(text[i]);
    };
    for (std::size_t i = 0; i < records.size(); ++i) lay(records[i].header_at, frame.heads[i]);
    lay(tail_at, frame.tail);
  };
  const auto found = parse_zip(read, tail_at + frame.tail.size(), "z");
  ASSERT_EQ(found.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found[i].name, records[i].name);
    EXPECT_EQ(found[i].bytes, records[i].bytes);
    EXPECT_EQ(found[i].data_at, records[i].data_at);
    EXPECT_EQ(found[i].data_at % 64, 0u);
  }
}

}  // namespace
}  // namespace tlaunch
