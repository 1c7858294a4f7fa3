// Names of the environment variables through which the launcher speaks to tlaunch-worker, beside torchrun's own
// (RANK, LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, ...).
#pragma once

namespace tlaunch::env {
inline constexpr const char* run_dir = "TLAUNCH_RUN_DIR";    // absolute; for metrics.csv, tensorboard/, checkpoints/
inline constexpr const char* plan = "TLAUNCH_PLAN";          // plan.json to apply
inline constexpr const char* event_fd = "TLAUNCH_EVENT_FD";  // write end of the event pipe
inline constexpr const char* store_fd = "TLAUNCH_STORE_FD";  // rank 0: a listening socket for the TCPStore
inline constexpr const char* resume = "TLAUNCH_RESUME";      // checkpoint to go on from
inline constexpr const char* fit_disk = "TLAUNCH_FIT_DISK";  // set: keep fewer checkpoints where the disk is too small
inline constexpr const char* profile = "TLAUNCH_PROFILE";    // set: profile some steps (trainer/report/step_profiler.h)
inline constexpr const char* device =
    "TLAUNCH_DEVICE";  // "cuda" (device LOCAL_RANK) or "cpu"; unset: cuda where there is one
// For tests of several ranks on a machine with one card: "gloo" exchanges CUDA tensors by Gloo, which unlike NCCL lets
// ranks share a card; rank N takes card N modulo their number, and the launcher allows more ranks than cards.
inline constexpr const char* cuda_backend = "TLAUNCH_CUDA_BACKEND";
// A smoke test, as JSON. First part {"epochs": 2, "epoch_budget_s": S}: the worker times its first steps, cuts each
// epoch to what fits S (0: not at all) and tells so in a `smoke` event {steps_per_epoch}. Second part, together with
// TLAUNCH_RESUME: {"steps_per_epoch": N, "stop_step": M}: goes on with epochs of N steps and ends at step M.
inline constexpr const char* smoke = "TLAUNCH_SMOKE";
// For tests: "rank=1,step=5,phase=backward" (forward, backward, optimizer; evaluation, detection, save: those that
// follow the step): in that rank that phase of the fifth step of this process ends as if memory had run out; once, or
// with
// ",times=N" so often in a row.
inline constexpr const char* inject_oom = "TLAUNCH_INJECT_OOM";
// For tests: "rank=1,step=5,phase=backward,fault=hang": what befalls that rank where it enters that phase
// (worker/run_phase.h) of that step, in the first attempt; step 0 is start_up. hang: stands still for ever; stop:
// SIGSTOP; kill: SIGKILL; segv: a segmentation fault; leave: ends with 0, as if its work were done.
inline constexpr const char* inject_fault = "TLAUNCH_INJECT_FAULT";
inline constexpr const char* heartbeat_s = "TLAUNCH_HEARTBEAT_S";  // interval of heartbeat events; unset: none
inline constexpr const char* stack_file = "TLAUNCH_STACK_FILE";    // where SIGUSR2 lets the worker write what it does
inline constexpr const char* attempt = "TLAUNCH_ATTEMPT";          // 0, 1, ...
}  // namespace tlaunch::env
