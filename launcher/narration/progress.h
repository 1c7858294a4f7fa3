// Narration on stderr while a job runs. On a terminal one line that is written over, at most ten times a second;
// elsewhere plain lines: each epoch, evaluation and first step, steps in between at most every `plain_interval_s`.
// Nothing here waits for a reader but the destructor: a pager that does not read must not hold up a run, nor its end.
// One thread.
#pragma once

#include <cstdio>
#include <string>

#include "contract/run_record.h"
#include "processes/output/console.h"
#include "processes/output/terminal.h"

namespace tlaunch {

// "epoch 2/10  step 345/2350  loss 0.512  3.1 k samples/s". Epochs are counted from 1 here, as the one that is worked
// on.
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
  // The state changed: shows it, or says false where the last one was shown too short a time ago. `now_s`: any clock.
  bool update(const RunRecord& record, const std::string& eta, double now_s);
  // A line that the next one takes the place of; one that stays where nothing can be written over.
  void passing(const std::string& text);
  const Terminal& terminal() const { return terminal_; }
  // Takes the written-over line away, as before another program writes to the terminal.
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
