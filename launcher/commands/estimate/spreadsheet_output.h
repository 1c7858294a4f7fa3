// A Spreadsheet for `tlaunch estimate` without a config: as JSON, and as tables for people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "estimate/spreadsheet.h"

namespace tlaunch {

// The `estimate --json` object of docs/command-line.md. `free_bytes`: of the disk, where it is known.
Json to_json(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes);
// The same for people, lines with their newlines.
std::string to_text(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes);

}  // namespace tlaunch
