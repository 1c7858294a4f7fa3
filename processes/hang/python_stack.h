// Where the main thread of a Python process is, from the text of its stacks. Pure.
#pragma once

#include <string>

namespace tlaunch {

// Reads what faulthandler writes at a fatal signal, or the output of `py-spy dump`. Returns the innermost call and, if
// that is a library's, also the innermost call in the user's code: "recv (/usr/lib/python3.11/socket.py:706), called in
// main (/job/train.py:20)". "" if the text holds no such stack.
std::string python_place(const std::string& stacks);

}  // namespace tlaunch
