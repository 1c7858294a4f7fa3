// A libtorch_cpu.so without any of LibTorch's symbols, for tests of what happens when the loader takes another one.
extern "C" int tlaunch_decoy_libtorch() { return 1; }
