// Where the main thread of a Python process is, from the text of its stacks. Pure.
#pragma once

#include <string>

namespace tlaunch {

// Of what faulthandler writes at a fatal signal, or of `py-spy dump`: "recv (/usr/lib/python3.11/socket.py:706), called
// in main (/job/train.py:20)", the innermost call and, where that is a library's, the innermost of the user's own. ""
// where the text holds no such stack.
std::string python_place(const std::string& stacks);

}  // namespace tlaunch
