// What a command answers, on stdout: text or JSON that a user or a script waits for. All of it goes through here, so
// that none of it is lost in silence.
#pragma once

#include <string_view>

namespace tlaunch {

// Throws IoError where it cannot be written whole, and says why. Where the reader went away (`| head`) it throws an
// Error without a message whose code is that of SIGPIPE, 141: other tools end so.
void print_results(std::string_view text);

// The same at the end of what already has a verdict: one that is not 0 stays, and is worth more than 74.
int print_results(std::string_view text, int exit_code);

}  // namespace tlaunch
