// What the terminal for narration (stderr) can show.
#pragma once

namespace tlaunch {

struct Terminal {
  bool is_terminal = false;  // a line may be redrawn; otherwise only plain lines, without control characters
  bool utf8 = false;         // a terminal whose locale is UTF-8: ticks as ✓
  int columns = 80;
  const char* tick() const { return utf8 ? "✓ " : "* "; }
};

Terminal stderr_terminal();

}  // namespace tlaunch
