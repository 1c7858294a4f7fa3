#include "processes/group/worker_request.h"

#include <unistd.h>

#include "contract/worker_env.h"
#include "processes/group/environment.h"

namespace tlaunch {

SpawnRequest worker_request(const WorkerSpec& worker, int event_fd, int store_fd, const SignalTakeover& signals) {
  SpawnRequest request;
  request.argv = worker.argv;
  std::map<std::string, std::string> additions = worker.environment;
  for (const auto& [name, fd] : {std::pair(env::event_fd, event_fd), std::pair(env::store_fd, store_fd)}) {
    if (fd < 0) continue;
    request.inherited.push_back(fd);
    additions[name] = std::to_string(fd);
  }
  request.environment = worker_environment(additions);
  request.inherit_stdin = worker.inherit_stdin;
  request.stdin_fd = worker.stdin_fd;
  request.cores = worker.cores;
  if (worker.inherit_stdin && ::isatty(STDIN_FILENO)) request.process_group = ::getpgrp();
  request.signal_mask = signals.mask_before();
  request.on_broken_pipe = signals.broken_pipe_before();
  return request;
}

bool shares_terminal(const SpawnRequest& request) { return request.process_group != 0; }

}  // namespace tlaunch
