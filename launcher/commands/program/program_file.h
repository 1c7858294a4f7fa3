// Finds the file that a plain program's name means, and whether Python runs it. Reads the file and PATH; starts
// nothing.
#pragma once

#include <string>

#include "launcher/cli/command_split.h"
#include "launcher/commands/program/program_command.h"

namespace tlaunch {

struct ProgramFile {
  ProgramKind kind = ProgramKind::executable;
  std::string program;  // as it is started: with a '/' unless it is looked up in PATH
};

// A name without '/' means: after --no-python the program in PATH, as under torchrun; after "--" the program in PATH
// or, if there is none, the file here; otherwise the file here. Python runs .py files, folders with __main__.py, zip
// archives, .pyc files and text files without #!, executable or not, as under torchrun. Nothing is run by /bin/sh.
// Throws UsageError for a file that neither Python nor the kernel can run.
ProgramFile program_file(const SplitArguments& split);

}  // namespace tlaunch
