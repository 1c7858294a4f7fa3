#include "processes/output/say.h"

#include <cstdio>

#include "base/sigpipe_held.h"

namespace tlaunch {

void say(const std::string& line) {
  const SigpipeHeld held;
  std::fputs((line + "\n").c_str(), stderr);
}

}  // namespace tlaunch
