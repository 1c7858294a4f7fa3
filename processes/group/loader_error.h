// Why the dynamic loader did not start a program, and which libraries LD_LIBRARY_PATH made it load. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

// The loader's message in `output`, without the program's name in front: "symbol lookup error: ...", "error while
// loading shared libraries: ...", "/a/libz.so.1: version `ZLIB_1.2.9' not found (required by ...)". `program`: as it
// was started. "": there is no message.
std::string loader_error_in(std::string_view output, const std::string& program);

struct LoadedLibrary {
  std::string name, path;  // path "": not found
};

// Reads the loader's output under LD_TRACE_LOADED_OBJECTS, which ldd uses too.
std::vector<LoadedLibrary> libraries_in(std::string_view trace);

// The libraries in one of the folders of `search_path` ("/a:/b"): those that `error` names, or all of them if it names
// none.
std::vector<std::string> libraries_from(const std::string& search_path, std::string_view trace,
                                        const std::string& error);

}  // namespace tlaunch
