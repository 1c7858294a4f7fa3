#include "processes/output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace tlaunch {

Terminal stderr_terminal() {
  Terminal terminal;
  const char* kind = std::getenv("TERM");
  terminal.is_terminal = isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string(kind) != "dumb";
  winsize size{};
  if (terminal.is_terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.columns = size.ws_col;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // the first that is set decides
    const char* value = std::getenv(name);
    if (value == nullptr || value[0] == '\0') continue;
    const std::string locale = value;
    terminal.utf8 =
        terminal.is_terminal && (locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos);
    break;
  }
  return terminal;
}

}  // namespace tlaunch
