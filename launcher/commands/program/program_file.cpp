#include "launcher/commands/program/program_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/error.h"
#include "base/file_extension.h"
#include "base/path_lookup.h"
#include "base/text.h"
#include "processes/output/clean_text.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

std::string beginning_of(const std::string& path) {
  std::string bytes(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

bool is_machine_code(std::string_view bytes) {
  return bytes.starts_with(
      "\x7f"
      "ELF");
}
bool is_zip(std::string_view bytes) { return bytes.starts_with("PK\x03\x04"); }
bool is_compiled_python(std::string_view bytes) { return bytes.size() >= 16 && bytes.substr(2, 2) == "\r\n"; }
bool is_text(std::string_view bytes) { return bytes.find('\0') == std::string_view::npos; }

// "/bin/sh -e" of "#!/bin/sh -e"; "" of a file without such a line.
std::string interpreter_of(std::string_view bytes) {
  if (!bytes.starts_with("#!")) return "";
  const std::string_view line = bytes.substr(2, bytes.find_first_of("\r\n", 2) - 2);
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return std::string(line.substr(begin, line.find_last_not_of(" \t") + 1 - begin));
}

bool runs_python(std::string_view interpreter) {
  for (const char* name : {"python", "pypy", "uv run"})
    if (interpreter.find(name) != std::string_view::npos) return true;
  return false;
}

ProgramKind kind_of_file(const std::string& path) {
  const bool executable = ::access(path.c_str(), X_OK) == 0;
  if (executable && ::access(path.c_str(), R_OK) != 0) return ProgramKind::executable;  // the kernel can read it
  const std::string bytes = beginning_of(path);
  if (!executable && is_machine_code(bytes))
    throw UsageError(format_text(
        "'{}' is not executable: run chmod +x on it, or copy it to a disk that is not mounted with noexec", path));
  if (executable && (bytes.starts_with("#!") || is_machine_code(bytes))) return ProgramKind::executable;
  if (has_extension(path, ".sh"))
    throw UsageError(format_text("'{}' is a shell script that {}; use tlaunch -- sh {}", path,
                                 executable ? "has no #! line" : "is not executable", path));
  const std::string interpreter = clean_text(interpreter_of(bytes));
  if (!executable && !interpreter.empty() && !runs_python(interpreter))
    throw UsageError(
        format_text("'{}' is not executable, and its #! line names {}, not Python: chmod +x {}, or tlaunch -- {} {}",
                    path, interpreter, path, interpreter, path));
  if (!executable || is_zip(bytes) || is_compiled_python(bytes) || is_text(bytes)) return ProgramKind::python_script;
  return ProgramKind::executable;  // the kernel may know the format (binfmt_misc)
}

// Whether PATH is searched for the name when it is started unchanged.
bool is_bare(const std::string& name) { return name.find('/') == std::string::npos; }

// The file of that name in the working directory or at its path.
ProgramFile file_here(const std::string& name) {
  std::error_code error;  // if the file cannot be reached, the start of the program says why
  if (fs::is_directory(name, error)) {
    if (fs::exists(name + "/__main__.py", error)) return {ProgramKind::python_script, name};
    throw UsageError(format_text("'{}' is a folder without __main__.py, so it cannot be run", name));
  }
  if (!fs::is_regular_file(name, error)) return {ProgramKind::executable, name};
  const ProgramKind kind = kind_of_file(name);
  return {kind, kind == ProgramKind::executable && is_bare(name) ? "./" + name : name};
}

bool is_file_here(const std::string& name) {
  std::error_code error;
  return fs::is_regular_file(name, error);
}

}  // namespace

ProgramFile program_file(const SplitArguments& split) {
  const std::string& name = split.program.front();
  if (split.flags.module && split.flags.no_python)
    throw UsageError("-m and --no-python exclude each other: leave one out");
  if (split.flags.module) return {ProgramKind::python_module, name};
  if (split.flags.run_path) return {ProgramKind::python_script, name};
  const bool of_path = is_bare(name) && !find_in_path(name).empty();
  if (split.flags.no_python) {
    if (is_bare(name) && !of_path && is_file_here(name))
      throw UsageError(format_text("'{}' is not in PATH; the file in this folder is ./{}", name, name));
    return {ProgramKind::executable, name};
  }
  if (has_extension(name, ".py")) return {ProgramKind::python_script, name};
  if (split.after_dashes && of_path) return {ProgramKind::executable, name};
  return file_here(name);
}

}  // namespace tlaunch
