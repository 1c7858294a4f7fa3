// Which file a plain program's name means, and whether Python runs it. Looks at the file and at PATH, starts nothing.
#pragma once

#include <string>

#include "launcher/cli/command_split.h"
#include "launcher/commands/program/program_command.h"

namespace tlaunch {

struct ProgramFile {
  ProgramKind kind = ProgramKind::executable;
  std::string program;  // as it is started: with a '/' where it is not looked up in PATH
};

// A name without '/' means: after --no-python a program of PATH, as under torchrun; after "--" a program of PATH, and
// where there is none the file here; otherwise the file here. Python runs .py files, folders with __main__.py, zip
// archives, .pyc files and all text without #!, executable or not, as under torchrun; /bin/sh runs nothing. Throws
// UsageError for what neither Python nor the kernel can run.
ProgramFile program_file(const SplitArguments& split);

}  // namespace tlaunch
