#include <cstdio>
#include <cstdlib>

#include "trainer/worker_main.h"

int main(int argc, char** argv) {
  const int code = tlaunch::worker_main(argc, argv);
  // Everything is written and closed. Unloading LibTorch's and CUDA's libraries would take up to a second more and free
  // only what the system frees anyway.
  std::fflush(nullptr);
  std::_Exit(code);
}
