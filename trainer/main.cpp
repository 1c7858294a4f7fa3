#include "trainer/worker_main.h"

int main(int argc, char** argv) { return tlaunch::worker_main(argc, argv); }
