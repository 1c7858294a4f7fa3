#include "trainer/worker_main.h"

#include <c10/util/Exception.h>
#include <CLI/CLI.hpp>

#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "base/environment.h"
#include "base/error.h"
#include "base/process_start.h"
#include "config/config_loader.h"
#include "contract/worker_env.h"
#include "trainer/check_job.h"
#include "trainer/describe.h"
#include "trainer/device/device.h"
#include "trainer/diagnosis/crash_record.h"
#include "trainer/diagnosis/signal_thread.h"
#include "trainer/diagnosis/stack_signal.h"
#include "trainer/libtorch_version.h"
#include "trainer/loop/evaluate_checkpoint.h"
#include "trainer/loop/trainer.h"
#include "trainer/memory/memory_cap.h"
#include "trainer/memory/out_of_memory.h"
#include "trainer/settings.h"
#include "trainer/trial/trial_command.h"
#include "worker/heartbeat.h"
#include "worker/run_phase.h"
#include "worker/stop_request.h"

namespace tlaunch {
namespace {

struct Arguments {
  std::string config;
  std::vector<std::string> overrides;
  std::string checkpoint, resume;
  bool no_weights = false;
};

// Device and switches first, then the other ranks, then the cap: by then the memory that LibTorch and Gloo need for
// themselves is in use.
Ranks join(const WorkerContext& context, const WorkerSettings& settings) {
  apply_flags(settings.config);
  select_device(context.device);
  Ranks ranks(context, collective_timeout(settings.config.launch.hang_timeout_s));
  cap_memory(context.device, settings.memory_budget_bytes);
  return ranks;
}

// A failing rank ends at once: destructors of process groups would wait for peers that may be gone.
[[noreturn]] void leave(const WorkerContext& context, int code, const std::string& message,
                        bool out_of_memory = false) {
  const WorkPlace place = work_place();
  FailureEvent failure;
  failure.message = message;
  failure.exit_code = code;
  failure.out_of_memory = out_of_memory;
  failure.step = place.step;
  failure.phase = to_string(place.phase);
  context.events.write(failure);
  std::cout << std::flush;
  std::cerr << "error: " << message << std::endl;
  std::_Exit(code);
}

// Call it where the objects that `work` uses are alive. If an exception destroyed a `Ranks` on the way to a handler
// further out, its connections would close, and the other ranks would be the first to report a failure.
void leave_on_error(const WorkerContext& context, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    leave(context, error.code(), error.what(), is_out_of_memory(error));
  } catch (const c10::Error& error) {  // its what() carries a backtrace
    leave(context, exit_code::failure, error.what_without_backtrace(), is_out_of_memory(error));
  } catch (const std::exception& error) {
    leave(context, exit_code::failure, error.what(), is_out_of_memory(error));
  }
}

void answer_signals(const EventWriter& events) {
  const auto stop = [events](int signal) {
    // Reported before it has any effect: if only this rank got the signal, the launcher passes it on to the others.
    if (stop_signal() == 0) events.write(ToldToStopEvent{signal});
    note_stop_signal(signal);
  };
  std::map<int, std::function<void(int)>> calls;
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) calls[signal] = stop;
  if (const auto stack_file = environment_value(env::stack_file)) {
    prepare_stack_file(*stack_file);
    calls[SIGUSR2] = [](int) { ask_for_stack(); };
  }
  take_signals(std::move(calls));
}

int train(const WorkerContext& context, const Arguments& arguments) {
  record_crashes(context.events.fd(), context.rank);
  answer_signals(context.events);
  const Heartbeat heartbeat(context.events, context.heartbeat_s);
  if (environment_value(env::attempt).value_or("0") == "0")
    inject_fault(environment_value(env::inject_fault).value_or(""), context.rank);
  note_phase(RunPhase::start_up);
  const auto worker = describe_worker();
  const auto settings = worker_settings(context, worker, arguments.config, arguments.overrides);
  const auto& config = settings.config;
  const auto ranks = join(context, settings);
  bool completed = false;
  leave_on_error(context, [&] {
    completed =
        Trainer(context, config, ranks, worker.dataset(config.data.name)->metrics, settings.samples_per_s).run();
    ranks.close();
  });
  if (completed) return exit_code::ok;
  return stop_signal() == SIGINT ? exit_code::interrupted : exit_code::preempted;
}

int evaluate_only(const WorkerContext& context, const Arguments& arguments) {
  const auto settings = worker_settings(context, describe_worker(), arguments.config, arguments.overrides);
  const auto& config = settings.config;
  const auto ranks = join(context, settings);
  leave_on_error(context, [&] {
    evaluate_checkpoint(context, config, ranks, arguments.checkpoint);
    ranks.close();
  });
  return exit_code::ok;
}

int measure(const WorkerContext& context, const Arguments& arguments) {
  const auto settings = worker_settings(context, describe_worker(), arguments.config, arguments.overrides);
  const auto& config = settings.config;
  const auto ranks = join(context, settings);
  leave_on_error(context, [&] {
    run_trials(context, config, ranks, std::cin);
    ranks.close();
  });
  return exit_code::ok;
}

// In this process alone: without a group, without a card, and killed with the launcher that asked.
int check(const Arguments& arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("CUDA_VISIBLE_DEVICES", "", 1);  // no driver is started for it
  leave_on_error(WorkerContext{}, [&] {
    const auto config =
        load_config({arguments.config, arguments.overrides, environment_value}, describe_worker()).config;
    const bool first = arguments.checkpoint.empty() && arguments.resume.empty() && !arguments.no_weights;
    const Json data = to_json(check_job(config, {arguments.checkpoint, arguments.resume, first}));
    std::cout << Json{{"data", data}}.dump() << std::endl;
  });
  return exit_code::ok;
}

int guarded(const std::function<int(const WorkerContext&)>& work) {
  WorkerContext context;
  int code = exit_code::ok;
  leave_on_error(context, [&] {
    context = context_from_environment(environment_value);
    code = work(context);
  });
  return code;
}

}  // namespace

int worker_main(int argc, char** argv) {
  begin_process();
  try {
    check_libtorch_version();
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << std::endl;
    return error.code();
  }
  std::signal(SIGPIPE, SIG_IGN);  // if a reader went away, write() fails instead of the process
  CLI::App app{"tlaunch-worker: one rank of a training run; usually started by tlaunch"};
  app.require_subcommand(1);
  Arguments arguments;

  auto* describe = app.add_subcommand("describe", "Print this worker's models, data sets and LibTorch");
  bool json = false;
  describe->add_flag("--json", json, "As JSON (the only form)")->required();

  auto* train_command = app.add_subcommand("train", "Train; as a single process if RANK and WORLD_SIZE are not set");
  auto* trial_command = app.add_subcommand("trial", "Measure one trial per line of standard input, for tlaunch tune");
  auto* evaluate_command = app.add_subcommand("evaluate", "Evaluate a checkpoint");
  auto* check_command = app.add_subcommand("check", "Check that data, model and weights can be loaded; start nothing");
  for (auto* command : {train_command, evaluate_command, trial_command, check_command}) {
    command->add_option("CONFIG", arguments.config, "YAML file")->required();
    command->add_option("key=value", arguments.overrides, "Overrides, for example train.epochs=3");
  }
  evaluate_command->add_option("--checkpoint", arguments.checkpoint, "A .safetensors file")->required();
  check_command->add_option("--checkpoint", arguments.checkpoint, "A .safetensors file whose weights must fit");
  check_command->add_option("--resume", arguments.resume, "A checkpoint to continue from; all of its state must fit");
  check_command->add_flag("--no-weights", arguments.no_weights, "Do not check the file of model.weights");
  CLI11_PARSE(app, argc, argv);

  if (*describe) {
    auto description = describe_worker();
    description.cuda_architectures = cuda_architectures();
    if (!(std::cout << to_json(description).dump(2) << std::endl)) {
      std::cerr << "error: cannot write to standard output" << std::endl;
      return exit_code::io;
    }
  }
  if (*train_command) return guarded([&](const WorkerContext& context) { return train(context, arguments); });
  if (*trial_command) return guarded([&](const WorkerContext& context) { return measure(context, arguments); });
  if (*check_command) return check(arguments);
  if (*evaluate_command)
    return guarded([&](const WorkerContext& context) { return evaluate_only(context, arguments); });
  return exit_code::ok;
}

}  // namespace tlaunch
