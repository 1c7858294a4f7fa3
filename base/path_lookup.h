// Programs by name, as execvp(3) finds them, and without a shell for what the kernel does not know.
#pragma once

#include <string>

namespace tlaunch {

// The first executable file `name` in the folders of PATH (an empty one is the current folder); "" where there is none.
std::string find_in_path(const std::string& name);

// What `name` starts: itself where it has a '/', else what find_in_path() finds.
std::string program_path(const std::string& name);

bool is_program(const std::string& path);  // an executable file

}  // namespace tlaunch
