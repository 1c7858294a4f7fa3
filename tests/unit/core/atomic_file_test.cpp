#include "core/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include <vector>

#include "core_fixture.h"

namespace tlaunch {
namespace {

class AtomicFile : public test::ConfigTest {
 protected:
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      names.push_back(entry.path().filename());
    return names;
  }
};

TEST_F(AtomicFile, ReplacesTheWholeFile) {
  const std::string path = write("a.txt", "a long old content");
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path, 100), "new");
  EXPECT_EQ(listing(), std::vector<std::string>{"a.txt"});
}

TEST_F(AtomicFile, TakesManyPiecesInOrder) {
  const std::string path = folder / "b.bin";
  std::string expected;
  write_file_atomically(path, [&](const ByteSink& sink) {
    for (std::size_t i = 0; i < 300; ++i) {
      const std::string piece(i * 17 % 9000 + (i % 50 == 0 ? 100'000 : 0), static_cast<char>(i));
      expected += piece;
      sink(std::as_bytes(std::span(piece)));
    }
  });
  EXPECT_EQ(read_file(path, 1 << 24), expected);
}

TEST_F(AtomicFile, AFailureWhileProducingKeepsTheOldFile) {
  const std::string path = write("a.txt", "old");
  EXPECT_THROW(write_file_atomically(path,
                                     [](const ByteSink& sink) {
                                       sink(std::as_bytes(std::span("half", 4)));
                                       throw std::runtime_error("no more");
                                     }),
               std::runtime_error);
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(listing(), std::vector<std::string>{"a.txt"});
}

TEST_F(AtomicFile, AWriteThatTheSystemRefusesKeepsTheOldFileAndNamesIt) {
  const std::string path = write("a.txt", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100'000, before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    write_file_atomically(path, std::string(1'000'000, 'x'));
  } catch (const IoError& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "cannot write " + path + ": File too large");
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(listing(), std::vector<std::string>{"a.txt"});
}

TEST_F(AtomicFile, AFolderThatIsNotThereIsAnIoError) {
  EXPECT_THROW(write_file_atomically(folder / "no/such/a.txt", "x"), IoError);
}

TEST_F(AtomicFile, ReadTellsAbsentFromUnreadable) {
  EXPECT_THROW(read_file(folder / "absent", 100), UsageError);
  EXPECT_THROW(read_file(folder.path(), 100), IoError);
  EXPECT_THROW(read_file(write("big", "12345"), 4), IoError);
  EXPECT_EQ(read_file(write("fits", "1234"), 4), "1234");
  EXPECT_EQ(read_file(write("empty", ""), 4), "");
}

TEST_F(AtomicFile, ReadDoesNotHangOnAFifo) {
  const std::string path = folder / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(read_file(path, 100), IoError);
}

}  // namespace
}  // namespace tlaunch
