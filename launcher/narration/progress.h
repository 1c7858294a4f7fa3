// Progress on stderr while a job runs. On a terminal one line that is overwritten, at most ten times per second;
// otherwise plain lines for each epoch, evaluation and the first step, and for other steps at most one line every
// `plain_interval_s`. Only the destructor waits for a reader: a pager that does not read must not hold up the run.
// One thread.
#pragma once

#include <cstdio>
#include <string>

#include "contract/run_record.h"
#include "processes/output/console.h"
#include "processes/output/terminal.h"

namespace tlaunch {

// "epoch 2/10  step 345/2350  loss 0.512  3.1 k samples/s". The epoch is the current one, counted from 1.
std::string progress_text(const RunRecord& record);
// "eval at step 235: val_loss 0.41, val_accuracy 0.85 (1.2 s)"
std::string evaluation_text(const EvaluationEvent& event);

class Progress {
 public:
  Progress(std::FILE* out, Terminal terminal) : out_(::fileno(out)), terminal_(terminal) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A line that stays.
  void line(const std::string& text);
  // Shows the new state. Returns false if the last one was shown too short a time ago. `now_s`: of any clock.
  bool update(const RunRecord& record, const std::string& eta, double now_s);
  // On a terminal, a line that the next one overwrites; otherwise a line that stays.
  void passing(const std::string& text);
  const Terminal& terminal() const { return terminal_; }
  // Removes the line that is overwritten, for example before another program writes to the terminal.
  void clear();

 private:
  void write(const std::string& text);

  static constexpr double terminal_interval_s = 0.1, plain_interval_s = 8;

  Console out_;
  Terminal terminal_;
  bool shown_ = false;
  double last_s_ = -1e300;
};

}  // namespace tlaunch
