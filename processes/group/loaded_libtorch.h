// Which libraries the dynamic loader gives a program: for one that it did not start because a library lacks a symbol or
// a version (LD_LIBRARY_PATH, LD_PRELOAD, or a LibTorch that was replaced under the same path).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

// The paths of LibTorch's own libraries out of what the loader prints under LD_TRACE_LOADED_OBJECTS, as ldd does;
// "libc10.so: not found" for one that is missing. Pure.
std::vector<std::string> libtorch_in(std::string_view trace);

// For a program that the loader did not start, which said `error` (loader_error.h; "": nothing that is known): the
// libraries that LD_LIBRARY_PATH made it take, or its LibTorch, and what to do. "" if there is nothing to say. Asks the
// loader; nothing of the program runs.
std::string loader_advice(const std::string& program, const std::string& error);

}  // namespace tlaunch
