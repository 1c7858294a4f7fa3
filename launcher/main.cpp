// tlaunch: the launcher. It does not link LibTorch. All errors are reported here and become exit codes.
#include <filesystem>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/process_start.h"
#include "base/text.h"
#include "launcher/command_line.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/commands/doctor/doctor_command.h"
#include "launcher/commands/estimate/estimate_command.h"
#include "launcher/commands/evaluate/evaluate_command.h"
#include "launcher/commands/probe/probe_command.h"
#include "launcher/commands/run/run_command.h"
#include "launcher/commands/tune/tune_command.h"
#include "launcher/job/started_once.h"
#include "launcher/narration/results.h"
#include "processes/group/this_machine.h"
#include "processes/output/say.h"

namespace {

using namespace tlaunch;

// Called before anything that uses the cores or cards of this machine.
void look_for_other_launchers() {
  check_started_once(environment_value);
  if (const std::string note = unused_nodes_note(environment_value, host_name()); !note.empty())
    say(format_text("tlaunch: note: {}", note));
}

struct Dispatch {
  int operator()(const RunCommand& command) const {
    if (!command.dry_run) look_for_other_launchers();
    return run_config(command);
  }
  int operator()(const ProgramCommand& command) const {
    look_for_other_launchers();
    return run_plain_program(command);
  }
  int operator()(const ProbeCommand& command) const { return run_probe(command); }
  int operator()(const EvaluateCommand& command) const {
    look_for_other_launchers();
    return run_evaluate(command);
  }
  int operator()(const TuneCommand& command) const {
    if (command.gpu.empty()) look_for_other_launchers();
    return run_tune(command);
  }
  int operator()(const EstimateCommand& command) const { return run_estimate(command); }
  int operator()(const CheckpointsCommand& command) const { return run_checkpoints(command); }
  int operator()(const DoctorCommand& command) const { return run_doctor(command); }
  int operator()(const PrintCommand& command) const {
    print_results(command.text);
    return exit_code::ok;
  }
};

}  // namespace

int main(int argc, char** argv) {
  tlaunch::begin_process();
  try {
    return std::visit(Dispatch{}, parse_command_line({argv + 1, argv + argc}, environment_value));
  } catch (const Error& error) {
    if (*error.what() != '\0') say(format_text("tlaunch: {}", error.what()));
    return error.code();
  } catch (const std::filesystem::filesystem_error& error) {
    say(format_text("tlaunch: cannot access {}: {}", error.path1().string(), error.code().message()));
    return exit_code::io;
  } catch (const std::bad_alloc&) {
    say("tlaunch: this machine has no memory left for tlaunch itself; end other programs, or raise the memory limit");
    return exit_code::failure;
  } catch (const std::exception& error) {
    say(format_text("tlaunch: internal error: {}", error.what()));
    return exit_code::failure;
  }
}
