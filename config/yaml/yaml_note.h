// Writes a program's note into a YAML file that people edit: one comment at the end of a line, which replaces the
// program's previous note. Every other byte stays. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

// Returns `text` with "  # MARK DATE: NOTE" behind the value of the first of `paths` ({"train", "batch_size"}) whose
// line has no comment. If each line has one, the note gets a line above the first of the paths that exists. An earlier
// note ("# MARK ", a date, ": " and the rest of the line) is removed first. `date`: 2026-11-29. Text that is not YAML,
// or has none of the paths, stays as it is.
std::string with_note(const std::string& text, const std::vector<std::vector<std::string>>& paths,
                      const std::string& mark, const std::string& date, const std::string& note);

}  // namespace tlaunch
