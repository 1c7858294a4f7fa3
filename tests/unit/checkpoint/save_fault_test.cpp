// Saving when the disk is full or the process is killed: the old file stays, and a partial file never has its name.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "base/error.h"
#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/small_disk.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::TempDir;

constexpr int not_allowed = 77;

// Saves a checkpoint of `count` floats, all `value`.
void save(const std::string& path, float value, std::size_t count) {
  const std::vector<float> weight(count, value);
  write_safetensors(path, {{"w", "F32", {static_cast<std::int64_t>(count)}, std::as_bytes(std::span(weight))}},
                    {{"tlaunch.step", std::to_string(static_cast<int>(value))}, {"tlaunch.epoch", "0"}});
}

float first_value(const std::string& path) {
  const SafetensorsFile file(path);
  file.verify();
  float value = 0;
  std::memcpy(&value, file.find("w")->data.data(), sizeof value);
  return value;
}

// Runs `body` in a child; returns the text that it wrote to its descriptor, and its exit code.
test::Output in_child(const std::function<int(int fd)>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {-1, "pipe"};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::_exit(body(ends[1]));
  }
  ::close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status, text};
}

// Runs in a child: saves over a good file on a full disk, and reports the result.
int save_without_room(const std::string& folder, std::size_t count, const std::function<void()>& take_room, int fd) {
  const std::string path = folder + "/a.safetensors";
  save(path, 1, 16);
  take_room();
  std::string report;
  try {
    save(path, 2, count);
    report = "saved";
  } catch (const IoError& error) {
    report = error.what();
  } catch (const std::exception& error) {
    report = std::string("another error: ") + error.what();
  }
  report += "\nvalue " + std::to_string(static_cast<int>(first_value(path))) + "\n";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    report += entry.path().filename().string() + "\n";
  return ::write(fd, report.data(), report.size()) == static_cast<ssize_t>(report.size()) ? 0 : 1;
}

TEST(SaveFault, FullDiskLeavesTheOldFileAndNoOther) {
  const TempDir dir;
  const auto result = in_child([&](int fd) {
    if (!test::mount_small_disk(dir.path(), "size=64k")) return not_allowed;
    return save_without_room(
        dir.path(), 100'000, [] {}, fd);
  });
  if (result.exit_code == not_allowed) GTEST_SKIP() << "mounting a small disk is not allowed here";
  ASSERT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.text, testing::AllOf(testing::HasSubstr((dir / "a.safetensors").string()),
                                          testing::HasSubstr("No space left on device"),
                                          testing::EndsWith("\nvalue 1\na.safetensors\n")));
}

TEST(SaveFault, FileSizeLimitLeavesTheOldFileAndNoOther) {
  const TempDir dir;
  // Limits within the header, in the middle of the data, and one byte before the end.
  const std::uint64_t whole = [&] {
    save(dir / "a.safetensors", 2, 100'000);
    return std::filesystem::file_size(dir / "a.safetensors");
  }();
  for (const std::uint64_t limit : {std::uint64_t{10}, std::uint64_t{200'000}, whole - 1}) {
    const auto result = in_child([&](int fd) {
      const auto take_room = [&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit room{limit, limit};
        ::setrlimit(RLIMIT_FSIZE, &room);
      };
      return save_without_room(dir.path(), 100'000, take_room, fd);
    });
    ASSERT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.text,
                testing::AllOf(testing::HasSubstr("File too large"), testing::EndsWith("\nvalue 1\na.safetensors\n")))
        << "limit " << limit;
  }
}

// A traced child saves over a good file and is killed at its n-th stop; it stops at the entry and the exit of each
// system call. Returns false if the child ended before that.
bool killed_at_stop(const std::string& path, int n) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(not_allowed);
    ::raise(SIGSTOP);
    save(path, 2, 100'000);
    ::_exit(0);
  }
  int status = 0;
  for (int stop = 0; ::waitpid(child, &status, 0) == child && WIFSTOPPED(status); ++stop) {
    if (stop == n) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return true;
    }
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_allowed) ADD_FAILURE() << "tracing a child is not allowed here";
  return false;
}

bool tracing_allowed() {
  const auto result = in_child([](int) { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1; });
  return result.exit_code == 0;
}

TEST(SaveFault, KilledAtAnySystemCallTheFileIsTheOldOrTheNewOne) {
  if (!tracing_allowed()) GTEST_SKIP() << "tracing a child is not allowed here";
  const TempDir dir;
  const std::string path = dir / "a.safetensors";
  int stop = 0, old_files = 0, new_files = 0;
  for (;; ++stop) {
    save(path, 1, 16);
    if (!killed_at_stop(path, stop)) break;
    ASSERT_LT(stop, 1000);
    const float value = first_value(path);  // throws if it is neither the old nor the new file
    ++(value == 1 ? old_files : new_files);
    // The temporary file of the killed process does not matter.
    const auto listed = list_checkpoints(dir.path());
    ASSERT_EQ(listed.size(), 1u) << "stop " << stop;
    EXPECT_TRUE(listed[0].valid) << listed[0].reason;
  }
  EXPECT_EQ(first_value(path), 2);
  EXPECT_GT(old_files, 8);  // before open, write, fsync, close and rename at the least
  EXPECT_GT(new_files, 2);  // after rename
}

}  // namespace
}  // namespace tlaunch
