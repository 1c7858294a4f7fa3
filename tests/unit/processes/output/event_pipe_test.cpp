#include "processes/output/event_pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "tests/support/child_process.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

struct Drained {
  std::vector<std::string> events, garbled;
};

void send(EventPipe& pipe, const std::string& bytes) {
  ASSERT_EQ(::write(pipe.write_fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

void drain(EventPipe& pipe, Drained& drained) {
  pipe.drain([&](const StampedEvent& event) { drained.events.push_back(name_of(event.event)); },
             [&](const std::string& line) { drained.garbled.push_back(line); });
}

TEST(EventPipe, PutsALineTogetherAndDropsWhatIsNoEventWithOneWarning) {
  EventPipe pipe;
  Drained drained;
  send(pipe, R"({"event":"start","rank":0})"
             "\n"
             R"({"event":"st)");
  drain(pipe, drained);
  send(pipe, "ep\"}\n{oops\n[1,2]\n{\"no\":\"name\"}\n{\"event\":7}\n\n{\"event\":\"end\"}\n");
  drain(pipe, drained);
  EXPECT_THAT(drained.events, ElementsAre("start", "step", "end"));
  EXPECT_THAT(drained.garbled, ElementsAre("{oops"));
}

TEST(EventPipe, DropsAnEndlessLineAndGoesOnAfterIt) {
  EventPipe pipe;
  Drained drained;
  for (int i = 0; i < 20; ++i) {
    send(pipe, std::string(30000, '['));
    drain(pipe, drained);
  }
  send(pipe, "\n{\"event\":\"end\"}\n");
  drain(pipe, drained);
  EXPECT_THAT(drained.events, ElementsAre("end"));
  EXPECT_THAT(drained.garbled, SizeIs(1));
}

TEST(EventPipe, EventsOfFourBusyRanksArriveWholeAndInOrder) {
  const auto finished = test::run_driver({"--events", "4", "5", test::driver(), "--write-events"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  std::map<int, int> next_step;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("EVENT ")) continue;
    const Json event = Json::parse(line.substr(6));
    const int rank = event.at("rank");
    ASSERT_EQ(event.at("step"), next_step[rank]++);
    ASSERT_EQ(event.at("padding").get<std::string>(),
              std::string(event.at("step").get<std::size_t>() * 3, static_cast<char>('a' + rank)));
  }
  EXPECT_EQ(next_step, (std::map<int, int>{{0, 1000}, {1, 1000}, {2, 1000}, {3, 1000}}));
}

}  // namespace
}  // namespace tlaunch
