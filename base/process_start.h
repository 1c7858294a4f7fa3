// The first call of each of our programs. It repairs an inherited state that would do harm.
#pragma once

namespace tlaunch {

// - Opens closed standard descriptors on /dev/null: the next file or pipe would get their number, and output would go
//   there. Read-only, so that output to a closed stdout is an error and not lost.
// - Ignores SIGXFSZ: a write beyond the limit of file sizes (ulimit -f) is then an error like a full disk.
// - Gives SIGCHLD its default action, because the kernel discards exit codes of children if it is ignored.
// - Unblocks all signals, because a blocked SIGTERM would reach neither this process nor the ranks.
// Leaves SIGHUP (nohup), SIGINT and SIGPIPE ignored if they are: somebody chose that. Call it from the only thread.
void begin_process();

}  // namespace tlaunch
