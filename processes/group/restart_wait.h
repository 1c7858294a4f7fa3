// The time between two attempts.
#pragma once

namespace tlaunch {

// 0 to 1, for RestartPolicy's jitter.
double random_share();

// Waits. The signal by which the user ended it (SIGINT, SIGTERM, SIGHUP, SIGUSR1, the first and third unless ignored); 0: it is
// over.
int wait_unless_told(double wait_s);

}  // namespace tlaunch
