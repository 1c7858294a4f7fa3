// Finds programs by name as execvp(3) does, but does not run a file through a shell if the kernel does not know its
// format.
#pragma once

#include <string>

namespace tlaunch {

// The first executable file `name` in the folders of PATH (an empty entry is the current folder); "": none.
std::string find_in_path(const std::string& name);

// The program that `name` starts: `name` itself if it contains a '/', else the result of find_in_path().
std::string program_path(const std::string& name);

bool is_program(const std::string& path);  // an executable file

}  // namespace tlaunch
