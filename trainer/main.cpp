#include <cstdio>
#include <cstdlib>

#include "trainer/worker_main.h"

int main(int argc, char** argv) {
  const int code = tlaunch::worker_main(argc, argv);
  // All is written and closed. Taking LibTorch's and CUDA's libraries down takes up to a second more and frees what the
  // system frees anyway.
  std::fflush(nullptr);
  std::_Exit(code);
}
