// A note of a program in the text of a YAML file that people edit: one comment at the end of a line, which the next one
// takes the place of. Every other byte stays as it is. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

// `text` with "  # MARK DATE: NOTE" behind the value of the first of `paths` ({"train", "batch_size"}) whose line has no
// comment yet; where each has one, on a line of its own above the first that is there. An earlier note, "# MARK ", a
// date, ": " and whatever follows, goes first. `date`: 2026-11-29. Text that is no YAML, or has none of the paths, stays.
std::string with_note(const std::string& text, const std::vector<std::vector<std::string>>& paths,
                      const std::string& mark, const std::string& date, const std::string& note);

}  // namespace tlaunch
