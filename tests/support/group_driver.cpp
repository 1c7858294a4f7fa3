// Runs a group the way `tlaunch` does in program mode, for tests to start, watch and kill:
//   group_driver RANKS GRACE_S FOLDER|- PROGRAM [ARG ...]         a plain program (log files below FOLDER)
//   group_driver --events RANKS GRACE_S PROGRAM [ARG ...]         with event pipe and store; EVENT and RESULT lines
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/process_start.h"
#include "contract/event_writer.h"
#include "launcher/commands/program/program_mode.h"
#include "processes/group/rendezvous.h"

namespace {

int plain(char** argv) {
  tlaunch::ProgramCommand command;
  command.grace_s = std::atof(argv[2]);
  if (std::strcmp(argv[3], "-") != 0) command.run_dir = argv[3];
  command.program = argv[4];
  for (char** argument = argv + 5; *argument != nullptr; ++argument) command.arguments.emplace_back(*argument);
  tlaunch::CpuInfo cpu;
  cpu.allowed_cores = 4;
  tlaunch::RunEnding ending;
  const auto placement = tlaunch::place_ranks(cpu, {}, std::atoi(argv[1]), tlaunch::NumaBinding::none);
  return tlaunch::run_program(command, placement, {}, ending);
}

int with_events(char** argv) {
  const tlaunch::Rendezvous store = tlaunch::listen_on_loopback();
  tlaunch::GroupSpec group;
  group.events = true;
  group.store_fd = store.socket.get();
  group.grace_s = std::atof(argv[3]);
  tlaunch::WorkerSpec worker;
  for (char** argument = argv + 4; *argument != nullptr; ++argument) worker.argv.emplace_back(*argument);
  for (int rank = 0; rank < std::atoi(argv[2]); ++rank) {
    worker.environment = {{"RANK", std::to_string(rank)}, {"STORE_PORT", std::to_string(store.port)}};
    group.workers.push_back(worker);
  }
  tlaunch::GroupCallbacks callbacks;
  callbacks.on_event = [](const tlaunch::StampedEvent& event) { std::cout << "EVENT " << event.line.dump() << '\n'; };
  const auto result = tlaunch::run_group(group, callbacks);
  std::cout << "RESULT " << result.exit_code << " rank " << (result.failure ? result.failure->rank.value_or(-1) : -1)
            << std::endl;
  return result.exit_code;
}

// A rank of its own for the event test: 1000 events of up to 3 kB.
int event_writer() {
  const int rank = std::atoi(std::getenv("RANK"));
  const tlaunch::EventWriter writer(std::atoi(std::getenv("TLAUNCH_EVENT_FD")), rank);
  for (int i = 0; i < 1000; ++i) {
    const std::string padding(static_cast<std::size_t>(i * 3), static_cast<char>('a' + rank));
    writer.write(tlaunch::OtherEvent{"padded", {{"step", i}, {"padding", padding}}});
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  tlaunch::begin_process();
  try {
    if (argc == 2 && std::strcmp(argv[1], "--write-events") == 0) return event_writer();
    if (argc >= 5 && std::strcmp(argv[1], "--events") == 0) return with_events(argv);
    if (argc >= 5) return plain(argv);
    return tlaunch::exit_code::usage;
  } catch (const tlaunch::Error& error) {
    std::cerr << error.what() << '\n';
    return error.code();
  }
}
