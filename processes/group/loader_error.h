// Why the dynamic loader did not start a program, and which libraries LD_LIBRARY_PATH made it take. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

// What the loader says in `output`, without the program's name in front: "symbol lookup error: ...", "error while
// loading shared libraries: ...", "/a/libz.so.1: version `ZLIB_1.2.9' not found (required by ...)". `program` as it was
// started. "": it says nothing.
std::string loader_error_in(std::string_view output, const std::string& program);

struct LoadedLibrary {
  std::string name, path;  // path "": not found
};

// What the loader prints under LD_TRACE_LOADED_OBJECTS, as ldd does.
std::vector<LoadedLibrary> libraries_in(std::string_view trace);

// The libraries that lie in one of the folders of `search_path` ("/a:/b"): those that `error` names, or all of them if
// it names none.
std::vector<std::string> libraries_from(const std::string& search_path, std::string_view trace,
                                        const std::string& error);

}  // namespace tlaunch
