// Names of the environment variables that the launcher sets for tlaunch-worker, in addition to torchrun's (RANK,
// LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, ...).
#pragma once

namespace tlaunch::env {
inline constexpr const char* run_dir = "TLAUNCH_RUN_DIR";    // absolute; for metrics.csv, tensorboard/, checkpoints/
inline constexpr const char* plan = "TLAUNCH_PLAN";          // plan.json to apply
inline constexpr const char* event_fd = "TLAUNCH_EVENT_FD";  // write end of the event pipe
inline constexpr const char* store_fd = "TLAUNCH_STORE_FD";  // rank 0: a listening socket for the TCPStore
inline constexpr const char* resume = "TLAUNCH_RESUME";      // checkpoint to resume from
inline constexpr const char* fit_disk = "TLAUNCH_FIT_DISK";  // set: keep fewer checkpoints if the disk is too small
inline constexpr const char* profile = "TLAUNCH_PROFILE";    // set: profile some steps (trainer/report/step_profiler.h)
inline constexpr const char* device = "TLAUNCH_DEVICE";  // "cuda" (device LOCAL_RANK) or "cpu"; unset: cuda if present
// For tests with several ranks on a machine with one GPU: "gloo" exchanges CUDA tensors over Gloo, which unlike NCCL
// lets ranks share a GPU. Rank N uses GPU N modulo their number, and the launcher allows more ranks than GPUs.
inline constexpr const char* cuda_backend = "TLAUNCH_CUDA_BACKEND";
// A smoke test, as JSON. First part, {"epochs": 2, "epoch_budget_s": S}: the worker times its first steps, shortens
// each epoch to fit S seconds (0: not at all) and reports that in a `smoke` event {steps_per_epoch}. Second part,
// together with TLAUNCH_RESUME, {"steps_per_epoch": N, "stop_step": M}: the worker continues with epochs of N steps and
// ends at step M.
inline constexpr const char* smoke = "TLAUNCH_SMOKE";
// For tests: "rank=1,step=5,phase=backward". In this rank, this phase of the fifth step of the process ends as if
// memory had run out: once, or N times in a row with ",times=N". Phases: forward, backward, optimizer; and evaluation,
// detection and save, which follow the step.
inline constexpr const char* inject_oom = "TLAUNCH_INJECT_OOM";
// For tests: "rank=1,step=5,phase=backward,fault=hang". The fault happens in this rank when it enters this phase
// (worker/run_phase.h) of this step, in the first attempt only. Step 0 is start_up. hang: stop for ever; stop: SIGSTOP;
// kill: SIGKILL; segv: a segmentation fault; leave: exit with 0, as if its work were done.
inline constexpr const char* inject_fault = "TLAUNCH_INJECT_FAULT";
inline constexpr const char* heartbeat_s = "TLAUNCH_HEARTBEAT_S";  // interval of heartbeat events; unset: none
inline constexpr const char* stack_file = "TLAUNCH_STACK_FILE";    // file for the worker's stack, written on SIGUSR2
inline constexpr const char* attempt = "TLAUNCH_ATTEMPT";          // 0, 1, ...
}  // namespace tlaunch::env
