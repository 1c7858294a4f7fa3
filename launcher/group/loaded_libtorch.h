// Which LibTorch the dynamic loader gives a program: for one that it ended with exit code 127, because a library of
// another LibTorch lacks a symbol (LD_PRELOAD, or a LibTorch that was replaced under the same path).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

// The paths of LibTorch's own libraries out of what the loader prints under LD_TRACE_LOADED_OBJECTS, as ldd does;
// "libc10.so: not found" for one that is missing. Pure.
std::vector<std::string> libtorch_in(std::string_view trace);

// "LibTorch was loaded from ...; ..." and what to do; "" for a program that takes none. Asks the loader; nothing of the
// program runs.
std::string libtorch_advice(const std::string& program);

}  // namespace tlaunch
