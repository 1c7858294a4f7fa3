#include "processes/hang/python_stack.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.h"
#include "hardware/file_reader.h"

namespace tlaunch {
namespace {

struct Frame {
  std::string function, file, line;
};

// faulthandler's `  File "/job/train.py", line 12 in main`.
std::optional<Frame> faulthandlers(const std::string& line) {
  const std::string file = "  File \"", number = "\", line ", function = " in ";
  if (!line.starts_with(file)) return std::nullopt;
  const auto file_end = line.rfind(number);
  if (file_end == std::string::npos) return std::nullopt;
  const auto number_at = file_end + number.size(), number_end = line.find(function, number_at);
  if (number_end == std::string::npos) return std::nullopt;
  return Frame{line.substr(number_end + function.size()), line.substr(file.size(), file_end - file.size()),
               line.substr(number_at, number_end - number_at)};
}

// py-spy's `    main (/job/train.py:12)`.
std::optional<Frame> py_spys(const std::string& line) {
  const auto start = line.find_first_not_of(' '), file = line.rfind(" ("), number = line.rfind(':');
  if (start != 4 || file == std::string::npos || file <= start || number == std::string::npos || number < file ||
      line.back() != ')')
    return std::nullopt;
  return Frame{line.substr(start, file - start), line.substr(file + 2, number - file - 2),
               line.substr(number + 1, line.size() - number - 2)};
}

std::optional<Frame> frame_in(const std::string& line) {
  auto frame = faulthandlers(line);
  return frame ? frame : py_spys(line);
}

bool of_a_library(const Frame& frame) {
  constexpr std::array<const char*, 4> signs = {"/lib/python", "/site-packages/", "/dist-packages/", "<frozen"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](const char* sign) { return frame.file.find(sign) != std::string::npos; });
}

std::string to_text(const Frame& frame) { return format_text("{} ({}:{})", frame.function, frame.file, frame.line); }

}  // namespace

std::string python_place(const std::string& stacks) {
  std::vector<Frame> frames;
  bool in_main_thread = false;
  for (const std::string& line : split_lines(stacks)) {
    if (line.starts_with("Current thread ") || (line.starts_with("Thread ") && line.ends_with(": \"MainThread\"")))
      in_main_thread = true;
    else if (const auto frame = frame_in(line); frame && in_main_thread)
      frames.push_back(*frame);
    else if (line.starts_with("Thread "))
      in_main_thread = false;
  }
  if (frames.empty()) return "";
  const auto own = std::find_if(frames.begin(), frames.end(), [](const Frame& frame) { return !of_a_library(frame); });
  if (own == frames.begin() || own == frames.end()) return to_text(frames.front());
  return format_text("{}, called in {}", to_text(frames.front()), to_text(*own));
}

}  // namespace tlaunch
