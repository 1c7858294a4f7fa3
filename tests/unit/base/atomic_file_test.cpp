#include "base/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tests/support/fault_calls.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

class AtomicFile : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    test::write(folder / name, text);
    return folder / name;
  }
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      names.push_back(entry.path().filename());
    return names;
  }
  test::TempDir folder;
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

// Another user of the folder creates something under the temporary's name just before we do.
class Intruder : public FileCalls {
 public:
  explicit Intruder(std::function<void(const char* name)> put) : put_(std::move(put)) {}
  int open(const char* path, int flags, mode_t mode) override {
    if ((flags & O_CREAT) != 0 && !std::exchange(done_, true)) put_(path);
    return FileCalls::open(path, flags, mode);
  }
  int symlink(const char* target, const char* path) override {
    if (!std::exchange(done_, true)) put_(path);
    return FileCalls::symlink(target, path);
  }

 private:
  std::function<void(const char* name)> put_;
  bool done_ = false;
};

void write_new(const std::string& path, FileCalls& calls) {
  write_file_atomically(
      path, [](const ByteSink& sink) { sink(std::as_bytes(std::span("new", 3))); }, nullptr, calls);
}

TEST_F(AtomicFile, AFileOfAnotherUserUnderTheTemporaryNameIsNeverWrittenTo) {
  std::string planted;
  Intruder intruder([&](const char* name) {
    planted = name;
    std::ofstream(planted) << "planted";
    ::chmod(name, 0666);
    if (::geteuid() == 0) {
      EXPECT_EQ(::chown(name, 65534, 65534), 0);
    }
  });
  write_new(folder / "result", intruder);
  struct stat status = {};
  ASSERT_EQ(::lstat((folder / "result").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, ::geteuid());
  EXPECT_EQ(status.st_nlink, 1u);
  EXPECT_EQ(read_file(folder / "result", 100), "new");
  EXPECT_EQ(read_file(planted, 100), "planted");  // it belongs to the other user: neither written nor removed
}

TEST_F(AtomicFile, ALinkUnderTheTemporaryNameIsNotFollowed) {
  const std::string victim = write("victim", "precious");
  Intruder intruder([&](const char* name) { ASSERT_EQ(::symlink(victim.c_str(), name), 0); });
  write_new(folder / "result", intruder);
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder / "result")));
  EXPECT_EQ(read_file(folder / "result", 100), "new");
  EXPECT_EQ(read_file(victim, 100), "precious");
}

TEST_F(AtomicFile, ALinkIsMadeUnderAnotherNameWhereTheFirstIsTaken) {
  write("a", "content");
  Intruder intruder([](const char* name) { std::ofstream{name}; });
  link_atomically(folder / "link", "a", intruder);
  EXPECT_EQ(std::filesystem::read_symlink(folder / "link"), "a");
}

TEST_F(AtomicFile, ANameThatIsAlwaysTakenIsAnErrorAndNotAnEndlessWait) {
  test::FaultCalls calls([](const std::string& call, int) { return call == "open" ? EEXIST : 0; });
  try {
    write_new(folder / "result", calls);
    FAIL() << "was written";
  } catch (const IoError& error) {
    EXPECT_EQ(error.what(), "cannot create " + (folder / "result").string() + ": File exists");
  }
  EXPECT_EQ(listing(), std::vector<std::string>{});
}

TEST_F(AtomicFile, TheTemporaryNameCannotBeForeseen) {
  std::vector<std::string> random;
  for (int i = 0; i < 2; ++i) {
    Intruder watcher([&](const char* name) {
      const std::string text(name);
      random.push_back(text.substr(text.rfind('-')));
    });
    write_new(folder / "result", watcher);
  }
  ASSERT_EQ(random.size(), 2u);
  EXPECT_EQ(random[0].size(), std::string("-01234567.tmp").size());
  EXPECT_NE(random[0], random[1]);
}

// A process id that no process has: the kernel's ids end at 2^22.
TEST_F(AtomicFile, TheSweepKnowsTemporariesOfThisAndOfEarlierVersions) {
  for (const char* name : {".a.b-c.9999999-0-0badcafe.tmp", ".a.b-c.9999999-7.tmp", ".a.b-c.1-0-0badcafe.tmp",
                           ".other.9999999-0-0badcafe.tmp", ".a.b-c.x-0.tmp", ".a.b-c.tmp"})
    write(name, "");
  EXPECT_EQ(sweep_temporaries(folder.path(), [](const std::string& name) { return name == "a.b-c"; }), 2);
  EXPECT_EQ(listing().size(), 4u);
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
