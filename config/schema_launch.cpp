// The keys of `launch:`.
#include "base/error.h"
#include "base/quantity.h"
#include "base/shell_words.h"
#include "base/whole_number.h"
#include "config/rank_count.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_nproc(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "gpu") return true;
  return whole_number(text, 1, most_ranks).has_value();
}

bool is_duration(const std::string& text) {
  try {
    return parse_duration_s("", text) > 0;
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace

std::vector<SchemaKey> launch_keys() {
  return {
      {.key = "launch.worker",
       .field = TLAUNCH_FIELD(launch.worker),
       .meaning = "The worker program. A name is searched beside tlaunch and then in PATH. A relative path starts at "
                  "the folder of the file that names it, or at the working directory if given on the command line.",
       .may_change_on_resume = true,
       .path = PathBase::program},
      {.key = "launch.nproc",
       .field = TLAUNCH_FIELD(launch.nproc),
       .unit = "ranks",
       .meaning = "Number of ranks. auto: one per GPU, or 1 without a GPU; gpu: one per GPU; cpu: one per core that "
                  "tlaunch may use.",
       .may_change_on_resume = true,
       .check = is_nproc,
       .expected = "an integer from 1 to 4096, or auto, cpu or gpu"},
      {.key = "launch.threads_per_rank",
       .field = TLAUNCH_FIELD(launch.threads_per_rank),
       .unit = "threads",
       .meaning = "CPU threads of one operation (OMP_NUM_THREADS). Another number may change the last bits of the "
                  "results, because sums are added in another order.",
       .rule = {.min = 1, .max = 4096, .empty_word = "auto"},
       .default_note = "auto: OMP_NUM_THREADS if set, else the cores per rank or what was measured to be faster",
       .may_change_on_resume = true},
      {.key = "launch.numa",
       .field = TLAUNCH_FIELD(launch.numa),
       .meaning = "node: pin each rank to the cores of the NUMA node next to its GPU; without GPUs the ranks share "
                  "the nodes (docs/placement.md). none: pin nothing.",
       .may_change_on_resume = true},
      {.key = "launch.grace_s",
       .field = TLAUNCH_FIELD(launch.grace_s),
       .unit = "s",
       .meaning = "Time for ranks to save and exit after SIGTERM. Then they are killed.",
       .rule = {.min = 0, .max = 86400},
       .may_change_on_resume = true},
      {.key = "launch.max_restarts",
       .field = TLAUNCH_FIELD(launch.max_restarts),
       .unit = "restarts",
       .meaning = "Restart a failed run up to this many times from its newest valid checkpoint.",
       .rule = {.min = 0, .max = 1e6},
       .may_change_on_resume = true},
      {.key = "launch.hang_timeout_s",
       .field = TLAUNCH_FIELD(launch.hang_timeout_s),
       .unit = "s",
       .meaning = "End the run with exit code 124 if no rank makes progress, or one rank is stopped or silent, for "
                  "this time. Start-up always has at least 60 s (docs/command-line.md).",
       .rule = {.min = 1, .max = 1e9, .empty_word = "auto"},
       .default_note = "auto: by phase; in a step 20 times its usual time, at least 60 s",
       .may_change_on_resume = true},
      {.key = "launch.max_time",
       .field = TLAUNCH_FIELD(launch.max_time),
       .meaning = "Save and end the run with exit code 75, as after SIGTERM, when this time has passed since tlaunch "
                  "started. Tuning and restarts count.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_duration,
       .expected = "a time with its unit such as 8h, 90min or 1d 12h, or none"},
      {.key = "launch.on_end",
       .field = TLAUNCH_FIELD(launch.on_end),
       .meaning = "Command to run once when the run has ended, for any reason. It gets TLAUNCH_STATUS, TLAUNCH_REASON "
                  "and more in its environment (docs/command-line.md). No shell is used: write sh -c '...' for one. A "
                  "program given as a relative path, with a slash, starts at the folder of the file that names it, or "
                  "at the working directory if given on the command line.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_command,
       .expected = "a program and its arguments, quoted as in a shell, or none",
       .path = PathBase::command},
  };
}

}  // namespace tlaunch
