// The worker program's main: `describe --json`, `check CONFIG`, `trial CONFIG`, `train CONFIG` and
// `evaluate CONFIG --checkpoint PATH`. A user's worker registers its models and data sets first, then calls this.
#pragma once

namespace tlaunch {

int worker_main(int argc, char** argv);

}  // namespace tlaunch
