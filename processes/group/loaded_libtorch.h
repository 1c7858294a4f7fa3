// Which libraries the dynamic loader loads for a program, to explain why it did not start one: a library lacks a symbol
// or a version (LD_LIBRARY_PATH, LD_PRELOAD, or a LibTorch that was replaced under the same path).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

// The paths of LibTorch's own libraries in the loader's output under LD_TRACE_LOADED_OBJECTS, which ldd uses too;
// "libc10.so: not found" for one that is missing. Pure.
std::vector<std::string> libtorch_in(std::string_view trace);

// For a program that the loader did not start with the message `error` (loader_error.h; "": unknown): the libraries
// that LD_LIBRARY_PATH made it load, or its LibTorch, and what to do. "" if there is nothing to say. Runs the loader,
// but not the program.
std::string loader_advice(const std::string& program, const std::string& error);

}  // namespace tlaunch
