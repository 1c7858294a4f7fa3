// The keys of `launch:`.
#include <charconv>

#include "base/error.h"
#include "base/quantity.h"
#include "base/shell_words.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_nproc(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "gpu") return true;
  int ranks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  return error == std::errc() && end == text.data() + text.size() && ranks >= 1 && ranks <= 65536;
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
       .meaning = "The worker program: a name, looked for beside tlaunch and in PATH, or a path, relative to the file "
                  "this stands in, on the command line to the working directory.",
       .may_change_on_resume = true,
       .path = PathBase::program},
      {.key = "launch.nproc",
       .field = TLAUNCH_FIELD(launch.nproc),
       .unit = "ranks",
       .meaning = "auto: one for each GPU, or 1 without; gpu: one for each GPU; cpu: one for each core allowed; or a "
                  "number.",
       .may_change_on_resume = true,
       .check = is_nproc,
       .expected = "an integer from 1 to 65536, or auto, cpu or gpu"},
      {.key = "launch.threads_per_rank",
       .field = TLAUNCH_FIELD(launch.threads_per_rank),
       .unit = "threads",
       .meaning = "Threads that compute an operation on the CPU (OMP_NUM_THREADS); another number may add in another "
                  "order and so change the last bits of results.",
       .rule = {.min = 1, .max = 4096, .empty_word = "auto"},
       .default_note =
           "auto: OMP_NUM_THREADS where it is set, else the cores of a rank or what was measured to be faster",
       .may_change_on_resume = true},
      {.key = "launch.numa",
       .field = TLAUNCH_FIELD(launch.numa),
       .meaning = "node: each rank keeps to the cores of the NUMA node that its card is near to; without cards the "
                  "ranks share the nodes out (docs/placement.md).",
       .may_change_on_resume = true},
      {.key = "launch.grace_s",
       .field = TLAUNCH_FIELD(launch.grace_s),
       .unit = "s",
       .meaning = "Time that ranks have to stop after SIGTERM before they are killed.",
       .rule = {.min = 0, .max = 86400},
       .may_change_on_resume = true},
      {.key = "launch.max_restarts",
       .field = TLAUNCH_FIELD(launch.max_restarts),
       .unit = "restarts",
       .meaning = "How many times a failed run is restarted, from its newest valid checkpoint.",
       .rule = {.min = 0, .max = 1e6},
       .may_change_on_resume = true},
      {.key = "launch.hang_timeout_s",
       .field = TLAUNCH_FIELD(launch.hang_timeout_s),
       .unit = "s",
       .meaning = "A run in which nothing moves for so long, or a rank is stopped or silent for so long, ends with 124 "
                  "(docs/command-line.md); start-up has 60 s at least.",
       .rule = {.min = 1, .max = 1e9, .empty_word = "auto"},
       .default_note = "auto: by phase, in a step 20 times what one takes, 60 s at least",
       .may_change_on_resume = true},
      {.key = "launch.max_time",
       .field = TLAUNCH_FIELD(launch.max_time),
       .meaning = "Time from the start of tlaunch, tuning and restarts included, after which the run is saved and ends "
                  "with 75, as after SIGTERM.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_duration,
       .expected = "a time with its unit such as 8h, 90min or 1d 12h, or none"},
      {.key = "launch.on_end",
       .field = TLAUNCH_FIELD(launch.on_end),
       .meaning = "Command that is run once when the run has ended, however it ended, with TLAUNCH_STATUS, "
                  "TLAUNCH_REASON and more in its environment (docs/command-line.md); for a shell: sh -c '...'. A "
                  "program with a slash in it is relative to the file this stands in, on the command line to the "
                  "working directory.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_command,
       .expected = "a program and its arguments, quoted as in a shell, or none",
       .path = PathBase::command},
  };
}

}  // namespace tlaunch
