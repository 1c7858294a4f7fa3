#include "worker/early_stopping.h"

#include <gtest/gtest.h>

#include <limits>

#include "worker/evaluation_schedule.h"

namespace tlaunch {
namespace {

TEST(EarlyStopping, StopsAfterAsManyEvaluationsInARowWithoutABetterLoss) {
  EarlyStopping stopping;
  for (const double val_loss : {0.5, 0.6, 0.4, 0.4, 0.7}) {
    EXPECT_FALSE(stopping.stops(3));
    stopping.note(val_loss);
  }
  EXPECT_EQ(stopping.best_val_loss, 0.4);
  EXPECT_EQ(stopping.evaluations_without_improvement, 2) << "an equal loss is not a better one";
  stopping.note(0.5);
  EXPECT_TRUE(stopping.stops(3));
  EXPECT_FALSE(stopping.stops({})) << "no patience is asked for";
}

TEST(EarlyStopping, ALossThatIsNotFiniteIsNotTheBest) {
  EarlyStopping stopping;
  stopping.note(std::numeric_limits<double>::quiet_NaN());
  stopping.note(-std::numeric_limits<double>::infinity());
  EXPECT_FALSE(stopping.best_val_loss);
  EXPECT_EQ(stopping.evaluations_without_improvement, 2);
  stopping.note(9);
  EXPECT_EQ(stopping.best_val_loss, 9);
  EXPECT_EQ(stopping.evaluations_without_improvement, 0);
}

TEST(EvaluationSchedule, OneThatWasCutShortStaysDue) {
  EvaluationSchedule schedule;
  EXPECT_TRUE(EvaluationSchedule::comes_after(20, 10));
  EXPECT_FALSE(EvaluationSchedule::comes_after(25, 10));
  schedule.begin();
  EXPECT_TRUE(schedule.due);
  EXPECT_FALSE(schedule.is_done(20));
  schedule.end(20);
  EXPECT_FALSE(schedule.due);
  EXPECT_TRUE(schedule.is_done(20));
  EXPECT_FALSE(schedule.is_done(21));
}

}  // namespace
}  // namespace tlaunch
