// The output of `tlaunch estimate` without a config from a Spreadsheet: JSON, or tables for people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "estimate/spreadsheet.h"

namespace tlaunch {

// The `estimate --json` object of docs/command-line.md. `free_bytes`: free on the disk, if known.
Json to_json(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes);
// The same as tables, each line with its newline.
std::string to_text(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes);

}  // namespace tlaunch
