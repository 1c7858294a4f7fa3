#include "launcher/commands/program/program_line.h"

#include "base/error.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/shared_options.h"
#include "launcher/cli/torchrun_alias.h"
#include "launcher/commands/program/program_file.h"
#include "launcher/commands/program/torchrun_program.h"

namespace tlaunch {

ProgramLine::ProgramLine() {
  nproc_option(app_, values_.nproc, "default: 1");
  grace_option(app_, values_.grace_s, "default: 30");
  restarts_option(app_, values_.max_restarts, "Restart all ranks up to N times if one fails (default: 0)");
  log_limit_option(app_, values_.log_limit_bytes);
  wait_gpu_option(app_, values_.wait_gpu_bytes);
  numa_option(app_, numa_, "default: none");
  end_options(app_, values_.max_time, values_.on_end,
              "Stop the ranks with SIGTERM after this time, as 8h; exit with 75 unless a rank exits with its own code");
  app_.add_flag("--stdin", values_.pass_stdin, stdin_help);
  hang_option(app_, values_.hang_timeout_s,
              "Exit with 124 after S seconds without output; at least 60 s before the first output (default: never)");
  app_.add_option("--run-dir", values_.run_dir, "Write each rank's output to DIR/logs")
      ->transform(path_value())
      ->type_name("DIR");
  app_.footer(torchrun_help());
}

Parsed<ProgramCommand> ProgramLine::parse_command(SplitArguments split, const TorchrunValues& torchrun,
                                                  const CLI::App& run) {
  // Options of the run command that do not apply to a plain program get their own message.
  for (const std::string& argument : split.own) {
    const std::string name = argument.substr(0, argument.find('='));
    if (run.get_option_no_throw(name) != nullptr && app_.get_option_no_throw(name) == nullptr)
      throw UsageError(format_text("{} needs a CONFIG.yaml; it does not apply to a plain program ({})", name,
                                   split.program.front()));
  }
  const std::string help = parse(app_, std::move(split.own), "a plain program");
  if (!help.empty()) return PrintCommand{help};
  if (values_.max_time == "none") values_.max_time.reset();
  if (values_.on_end == "none") values_.on_end.reset();
  if (values_.on_end) values_.on_end = end_command(*values_.on_end);
  ProgramFile file = program_file(split);
  values_.kind = file.kind;
  values_.program = std::move(file.program);
  values_.arguments.assign(split.program.begin() + 1, split.program.end());
  apply_torchrun(torchrun, values_);
  if ((numa_ ? numa_ : torchrun_numa(torchrun)) == to_string(NumaBinding::node)) values_.numa = NumaBinding::node;
  if (!values_.run_dir.empty() && !values_.log_dir.empty())
    throw UsageError("--run-dir writes the logs to DIR/logs: leave out --log-dir or --run-dir");
  return values_;
}

}  // namespace tlaunch
