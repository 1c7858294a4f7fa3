// What each of our programs does before anything else, so that what it was started with by accident does no harm.
#pragma once

namespace tlaunch {

// Opens closed standard descriptors on /dev/null: the next file or pipe would become one of them, and what is printed
// would go there. Read-only, so that results written to a closed stdout are an error and not lost in silence. Ignores
// SIGXFSZ: a write beyond the limit of file sizes (ulimit -f) is then an error like a full disk, and no end without a
// word. Gives SIGCHLD its default action, because the kernel throws away the exit codes of
// whoever ignores it. Unblocks all signals, because a blocked SIGTERM would reach neither us nor the ranks. Ignored
// SIGHUP (nohup), SIGINT and SIGPIPE are somebody's wish and stay. One thread.
void begin_process();

}  // namespace tlaunch
