#include "launcher/group/log_tee.h"

#include <utility>

#include "launcher/terminal/clean_text.h"

namespace tlaunch {

namespace {

constexpr std::size_t kLastLines = 20, kLastLineBytes = 200;
constexpr double kProgressInterval_s = 1;

std::string prefix_of(int rank, const Console& console) {
  const std::string label = "[rank " + std::to_string(rank) + "]";
  if (!console.colour()) return label + " ";
  constexpr int kColours[] = {36, 33, 32, 35, 34, 31};  // cyan first: rank 0 is the one most read
  return "\x1b[" + std::to_string(kColours[rank % 6]) + "m" + label + "\x1b[0m ";
}

}  // namespace

LogTee::LogTee(int rank, bool prefixed, const std::string& prefix, LogFile log, Screen& out, Screen& error,
               OnLine on_line)
    : prefixed_(prefixed),
      log_(std::move(log)),
      sources_{Source{&out, 2 * rank, prefix.empty() ? prefix_of(rank, out) : prefix},
               Source{&error, 2 * rank + 1, prefix.empty() ? prefix_of(rank, error) : prefix}},
      on_line_(std::move(on_line)) {}

void LogTee::feed(Stream stream, std::string_view bytes, double now_s) {
  Source& source = sources_[static_cast<std::size_t>(stream)];
  if (!prefixed_) source.console->append(bytes);
  source.lines.feed(bytes, [&](std::string_view text, std::string_view ending) { take(source, text, ending, now_s); });
  show_progress_so_far(source);
  source.console->settle(now_s);
  log_.write(log_held_);
  log_held_.clear();
}

void LogTee::finish(double now_s) {
  for (Source& source : sources_) {
    source.lines.finish([&](std::string_view text, std::string_view ending) { take(source, text, ending, now_s); });
    source.console->remove_row(source.row);
    if (!source.progress.empty()) show(source, std::exchange(source.progress, {}));
    source.console->settle(now_s);
  }
  log_.write(log_held_);
  log_held_.clear();
}

void LogTee::show_only_in_log(Screen& nowhere) {
  if (!log_.keeps() || log_.lacks_output()) return;
  for (Source& source : sources_) {
    source.console->remove_row(source.row);
    source.console = &nowhere;
  }
}

void LogTee::take(Source& source, std::string_view text, std::string_view ending, double now_s) {
  if (log_.keeps()) log_held_.append(text).append(ending);
  source.after_return = ending == "\r";
  if (source.after_return) {
    if (!text.empty()) take_progress(source, text, now_s);
    return;
  }
  source.progress.clear();  // drawn over by this line
  source.console->remove_row(source.row);
  show(source, text);
  last_.emplace_back(text.substr(0, kLastLineBytes));
  if (last_.size() > kLastLines) last_.pop_front();
  if (on_line_) on_line_(std::string(text));
}

void LogTee::take_progress(Source& source, std::string_view text, double now_s) {
  source.progress = text;
  if (source.console->has_rows()) {
    draw_row(source, text);
    return;
  }
  if (now_s - source.shown_s < kProgressInterval_s) return;
  source.shown_s = now_s;
  show(source, std::exchange(source.progress, {}));
}

// A bar writes its carriage return before each text (tqdm) or behind it: what is on the terminal without us is to be in
// the row at once, not when the next text comes.
void LogTee::show_progress_so_far(Source& source) {
  std::string_view held = source.lines.held();
  if (!source.console->has_rows() || held.empty() || (!source.after_return && !held.ends_with('\r'))) return;
  if (held.ends_with('\r')) held.remove_suffix(1);
  if (!held.empty()) draw_row(source, held);
}

void LogTee::draw_row(Source& source, std::string_view text) {
  if (text.find_first_not_of(' ') != std::string_view::npos) {
    source.console->set_row(source.row, source.prefix, text);
    return;
  }
  source.console->remove_row(source.row);  // a bar that leaves nothing behind draws blanks over itself
  source.progress.clear();
}

void LogTee::show(Source& source, std::string_view text) {
  if (!prefixed_) return;  // shown as it came
  source.console->wipe_rows();
  source.console->append(source.prefix);
  source.console->append(text);
  source.console->append("\n");
}

std::vector<std::string> LogTee::last_lines() const {
  std::vector<std::string> lines;
  for (const std::string& line : last_) lines.push_back(clean_text(line));
  return lines;
}

}  // namespace tlaunch
