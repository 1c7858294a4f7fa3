// The results of a command on stdout: text or JSON for a user or a script. All results are printed here, so that none is
// lost without an error.
#pragma once

#include <string_view>

namespace tlaunch {

// Throws IoError with the reason if the text cannot be written completely. If the reader has closed the pipe (`| head`),
// throws an Error without a message and with the code of SIGPIPE, 141, as other tools end.
void print_results(std::string_view text);

// The same at the end of work that has an exit code already. An exit code other than 0 is returned even if printing
// fails; it matters more than 74.
int print_results(std::string_view text, int exit_code);

}  // namespace tlaunch
