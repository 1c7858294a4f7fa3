#include "processes/group/poll_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/descriptor.h"

namespace tlaunch {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class PollSetTest : public testing::Test {
 protected:
  PollSet::Handler note(const std::string& what) {
    return [this, what] { calls.push_back(what); };
  }
  void turn() {
    polls.wait();
    polls.dispatch();
  }
  static void put(const Pipe& pipe) { ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1); }

  PollSet polls;
  std::vector<std::string> calls;
  const PollSet::Clock::time_point now = PollSet::Clock::now();
};

TEST_F(PollSetTest, CallsTheHandlersOfWhatIsReadyInTheOrderInWhichTheyWereAdded) {
  const Pipe one = make_pipe(), empty = make_pipe(), other = make_pipe();
  polls.add([&] { return one.read.get(); }, POLLIN, note("one"));
  polls.add([&] { return empty.read.get(); }, POLLIN, note("empty"));
  polls.add([&] { return other.read.get(); }, POLLIN, note("other"));
  put(other);
  put(one);
  turn();
  EXPECT_THAT(calls, ElementsAre("one", "other"));
}

TEST_F(PollSetTest, ADescriptorIsAskedForAtEachWait) {
  const Pipe pipe = make_pipe(), always = make_pipe();
  int fd = -1;
  polls.add([&] { return fd; }, POLLIN, note("pipe"));
  polls.add([&] { return always.read.get(); }, POLLIN, note("always"));
  put(pipe);
  put(always);
  turn();
  EXPECT_THAT(calls, ElementsAre("always"));
  fd = pipe.read.get();
  turn();
  EXPECT_THAT(calls, ElementsAre("always", "pipe", "always"));
}

TEST_F(PollSetTest, TheEndOfAPipeIsReadyToo) {
  Pipe pipe = make_pipe();
  polls.add([&] { return pipe.read.get(); }, POLLIN, note("end"));
  pipe.write.reset();
  turn();
  EXPECT_THAT(calls, ElementsAre("end"));
}

TEST_F(PollSetTest, WhatOneWaitFoundIsDealtWithOnce) {
  const Pipe pipe = make_pipe();
  polls.add([&] { return pipe.read.get(); }, POLLIN, note("pipe"));
  put(pipe);
  polls.wait();
  polls.dispatch();
  polls.dispatch();
  EXPECT_THAT(calls, ElementsAre("pipe"));
}

TEST_F(PollSetTest, ATimerThatIsDueComesOnceAndAfterTheDescriptors) {
  const Pipe pipe = make_pipe();
  PollSet::Timer& past = polls.add_timer(note("past"));
  PollSet::Timer& later = polls.add_timer(note("later"));
  polls.add_timer(note("never set"));
  polls.add([&] { return pipe.read.get(); }, POLLIN, note("pipe"));
  put(pipe);
  past.set(now - seconds(1));
  later.set_in(hours(1));
  turn();
  turn();
  EXPECT_THAT(calls, ElementsAre("pipe", "past", "pipe"));
  EXPECT_FALSE(past.due());
  EXPECT_TRUE(later.due());
}

TEST_F(PollSetTest, WaitEndsWithTheFirstTimer) {
  polls.add_timer(note("hour")).set_in(hours(1));
  PollSet::Timer& soon = polls.add_timer(note("soon"));
  soon.set_in(milliseconds(5));
  while (soon.due()) turn();
  EXPECT_THAT(calls, ElementsAre("soon"));
}

TEST_F(PollSetTest, AHandlerMaySetATimerThatIsDueAtOnceIfItComesAfterIt) {
  PollSet::Timer* second = nullptr;
  PollSet::Timer& first = polls.add_timer([&] {
    calls.push_back("first");
    second->set(now - seconds(1));
  });
  second = &polls.add_timer(note("second"));
  first.set(now - seconds(1));
  turn();
  EXPECT_THAT(calls, ElementsAre("first", "second"));
}

TEST_F(PollSetTest, TheTimeoutIsThatOfTheFirstTimerAndAMinuteAtMost) {
  EXPECT_EQ(polls.timeout_ms(now), -1);
  PollSet::Timer& one = polls.add_timer([] {});
  PollSet::Timer& other = polls.add_timer([] {});
  EXPECT_EQ(polls.timeout_ms(now), -1) << "none is set";
  one.set(now + hours(1));
  EXPECT_EQ(polls.timeout_ms(now), 60'000);
  other.set(now + std::chrono::microseconds(1500));
  EXPECT_EQ(polls.timeout_ms(now), 2) << "rounded up, so that it is due when poll returns";
  other.set(now - seconds(5));
  EXPECT_EQ(polls.timeout_ms(now), 0);
  other.clear();
  EXPECT_EQ(polls.timeout_ms(now), 60'000);
}

TEST_F(PollSetTest, TimeThatDoesNotCountPostponesWhatIsSet) {
  PollSet::Timer& set = polls.add_timer([] {});
  PollSet::Timer& unset = polls.add_timer([] {});
  set.set(now);
  polls.postpone(seconds(7));
  EXPECT_EQ(set.due(), now + seconds(7));
  EXPECT_FALSE(unset.due());
}

}  // namespace
}  // namespace tlaunch
