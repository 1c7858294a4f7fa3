#include "contract/event_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace tlaunch {
namespace {

struct Pipe {
  int ends[2];
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close_write();
    ::close(ends[0]);
  }
  void close_write() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::vector<std::string> lines() {  // until the end of the file
    close_write();
    std::string text(1 << 20, '\0');
    std::size_t size = 0;
    for (ssize_t got; (got = ::read(ends[0], text.data() + size, text.size() - size)) > 0;)
      size += static_cast<std::size_t>(got);
    text.resize(size);
    std::vector<std::string> lines;
    for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
      lines.push_back(text.substr(start, end - start));
    return lines;
  }
};

StepEvent step(std::int64_t number) {
  StepEvent event;
  event.step = number;
  return event;
}

EvaluationEvent evaluation(std::int64_t step) {
  EvaluationEvent event;
  event.step = step;
  return event;
}

FailureEvent failure(const std::string& message) {
  FailureEvent event;
  event.message = message;
  return event;
}

TEST(EventWriter, PutsTimeNameAndRankFirst) {
  Pipe pipe;
  StepEvent written = step(10);
  written.loss = 0.5;
  EventWriter(pipe.ends[1], 3).write(written);
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 1u);
  const Json event = Json::parse(lines[0]);
  std::vector<std::string> keys;
  for (const auto& [key, value] : event.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"t", "event", "rank", "step", "loss"}));
  EXPECT_EQ(event["event"], "step");
  EXPECT_EQ(event["rank"], 3);
  EXPECT_NEAR(event["t"].get<double>(), unix_time_s(), 60);
}

TEST(EventWriter, NumbersThatAreNotFiniteAreText) {
  Pipe pipe;
  EvaluationEvent written = evaluation(1);
  written.metrics = {{"val_loss", std::nan("")}, {"up", INFINITY}, {"down", -INFINITY}};
  EventWriter(pipe.ends[1], 0).write(written);
  const Json event = Json::parse(pipe.lines().at(0));
  EXPECT_EQ(event["val_loss"], "NaN");
  EXPECT_EQ(event["up"], "Infinity");
  EXPECT_EQ(event["down"], "-Infinity");
  EXPECT_TRUE(std::isnan(number_of(event["val_loss"])));
}

TEST(EventWriter, LongEventsAreCutAndSaySo) {
  Pipe pipe;
  EventWriter(pipe.ends[1], 1).write(failure(std::string(100'000, 'x')));
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), static_cast<std::size_t>(PIPE_BUF));
  const Json event = Json::parse(lines[0]);
  EXPECT_EQ(event["truncated"], true);
  EXPECT_EQ(event["exit_code"], 1);
  EXPECT_EQ(event["message"].get<std::string>().substr(0, 3), "xxx");
}

TEST(EventWriter, TextThatIsNotUtf8StillMakesJson) {
  Pipe pipe;
  EventWriter(pipe.ends[1], 0).write(failure("bad \xFF byte"));
  EXPECT_EQ(Json::parse(pipe.lines().at(0))["event"], "failure");
}

TEST(EventWriter, AReaderThatWentAwayIsIgnored) {
  Pipe pipe;
  ::close(pipe.ends[0]);
  pipe.ends[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const EventWriter writer(pipe.ends[1], 0);
  writer.write(step(1));  // a SIGPIPE would end the test
  writer.write(step(2));
}

TEST(EventWriter, AFullPipeNeverHoldsUpAStepAndWhatWasLeftOutIsToldLater) {
  Pipe pipe;
  const EventWriter writer(pipe.ends[1], 0);
  const double start_s = monotonic_s();
  const int steps = 20'000;  // far more than a pipe holds
  for (int i = 0; i < steps; ++i) writer.write(step(i));
  EXPECT_LT(monotonic_s() - start_s, 60) << "a wait of 1 s for each would take hours";
  std::string taken(1 << 20, '\0');
  const ssize_t size = ::read(pipe.ends[0], taken.data(), taken.size());
  ASSERT_GT(size, 0);
  const auto written = std::count(taken.begin(), taken.begin() + size, '\n');
  writer.write(HeartbeatEvent{});  // not counted
  writer.write(evaluation(1));
  writer.write(evaluation(2));
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_FALSE(Json::parse(lines[0]).contains("dropped"));
  EXPECT_EQ(Json::parse(lines[1])["dropped"], steps - written);
  EXPECT_FALSE(Json::parse(lines[2]).contains("dropped"));
}

TEST(EventWriter, WhatIsNoMatterOfEveryStepWaitsALittleAndOnlyOnce) {
  Pipe pipe;
  const EventWriter writer(pipe.ends[1], 0);
  for (int i = 0; i < 20'000; ++i) writer.write(step(i));
  const double start_s = monotonic_s();
  for (int i = 0; i < 20; ++i) writer.write(evaluation(i));
  EXPECT_GT(monotonic_s() - start_s, 0.9);
  EXPECT_LT(monotonic_s() - start_s, 15) << "a wait of 1 s for each would take 20 s";
}

TEST(EventWriter, TheEndIsWaitedForByAReaderThatComesLate) {
  Pipe pipe;
  const EventWriter writer(pipe.ends[1], 0);
  for (int i = 0; i < 20'000; ++i) writer.write(step(i));
  std::thread end([&] { writer.write(EndEvent{}); });
  std::string taken(1 << 20, '\0');
  EXPECT_GT(::read(pipe.ends[0], taken.data(), taken.size()), 0);
  end.join();
  EXPECT_EQ(Json::parse(pipe.lines().at(0))["event"], "end");
}

TEST(EventWriter, DoesNothingWithoutAPipe) { EventWriter(-1, 0).write(step(1)); }

TEST(EventWriter, LinesOfManyThreadsDoNotMix) {
  Pipe pipe;
  std::vector<std::string> lines;
  std::thread reader([&] {
    std::string text;
    char piece[4096];
    for (ssize_t got; (got = ::read(pipe.ends[0], piece, sizeof piece)) > 0;)
      text.append(piece, static_cast<std::size_t>(got));
    for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
      lines.push_back(text.substr(start, end - start));
  });
  std::vector<std::thread> writers;
  for (int rank = 0; rank < 4; ++rank)
    writers.emplace_back([&, rank] {
      const EventWriter writer(pipe.ends[1], rank);
      for (int i = 0; i < 100; ++i) writer.write(failure(std::string(2000, static_cast<char>('a' + rank))));
    });
  for (std::thread& writer : writers) writer.join();
  pipe.close_write();
  reader.join();
  ASSERT_EQ(lines.size(), 400u);
  for (const std::string& line : lines) {
    const Json event = Json::parse(line);
    EXPECT_EQ(event["message"], std::string(2000, static_cast<char>('a' + event["rank"].get<int>())));
  }
}

}  // namespace
}  // namespace tlaunch
