#include "processes/output/log_tee.h"

#include <utility>

#include "base/text.h"
#include "processes/output/clean_text.h"

namespace tlaunch {

namespace {

constexpr std::size_t most_last_lines = 20, most_last_line_bytes = 200;
constexpr double progress_interval_s = 1;

std::string prefix_of(int rank, const Console& console) {
  const std::string label = format_text("[rank {}]", rank);
  if (!console.colour()) return label + " ";
  constexpr int colours[] = {36, 33, 32, 35, 34, 31};  // cyan first: people read rank 0 most
  return format_text("\x1b[{}m{}\x1b[0m ", colours[rank % 6], label);
}

int first_row_of(int rank, Stream stream) { return (2 * rank + static_cast<int>(stream)) * BarRows::most; }

}  // namespace

LogTee::LogTee(int rank, bool prefixed, const std::string& prefix, LogFile log, Screen& out, Screen& error,
               OnLine on_line)
    : prefixed_(prefixed),
      log_(std::move(log)),
      sources_{Source{&out, first_row_of(rank, Stream::out), prefix.empty() ? prefix_of(rank, out) : prefix},
               Source{&error, first_row_of(rank, Stream::error), prefix.empty() ? prefix_of(rank, error) : prefix}},
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
    const int cursor = source.bars.cursor();
    const auto rows = source.bars.take_all();
    draw_rows(source);
    for (int i = 0; const BarRow& row : rows) {
      const bool ended = i++ < cursor;  // by a newline
      if (row.text.empty()) continue;
      if (ended)
        take_line(source, row.text, row.told);
      else if (!row.told)
        show(source, row.text);
    }
    source.console->settle(now_s);
  }
  log_.write(log_held_);
  log_held_.clear();
}

void LogTee::show_only_in_log(Screen& nowhere) {
  if (!log_.keeps() || log_.lacks_output()) return;
  for (Source& source : sources_) {
    for (int row = 0; row < BarRows::most; ++row) source.console->remove_row(source.first_row + row);
    source.console = &nowhere;
  }
}

void LogTee::take(Source& source, std::string_view text, std::string_view ending, double now_s) {
  if (log_.keeps()) log_held_.append(text).append(ending);
  const int up = rows_up(ending);
  if (ending == "\r" || up > 0) {
    if (!text.empty()) take_bar(source, text, now_s);
    if (up > 0)
      source.bars.up(up);
    else
      source.bars.carriage_return();
    source.drawn_over = true;
    return;
  }
  const bool stays = source.bars.stays(text, source.drawn_over);
  source.drawn_over = false;
  if (stays) {
    if (!text.empty()) take_bar(source, text, now_s);
    take_lines(source, source.bars.down());
    return;
  }
  if (!source.bars.rows().empty()) take_lines(source, source.bars.take_above());
  take_line(source, text);
}

void LogTee::take_bar(Source& source, std::string_view text, double now_s) {
  source.bars.draw(text);
  const int at = source.bars.cursor();
  if (source.console->has_rows()) {
    draw_row(source, at, text);
    return;
  }
  BarRow& row = source.bars.rows()[static_cast<std::size_t>(at)];
  std::optional<double>& shown_s = source.shown_s[static_cast<std::size_t>(at)];
  if (row.text.empty() || (shown_s && now_s - *shown_s < progress_interval_s)) return;
  shown_s = now_s;
  row.told = true;
  show(source, text);
}

// A bar writes its carriage return before each text (tqdm) or after it. The row must show at once what a terminal would
// show, not only when the next text comes.
void LogTee::show_progress_so_far(Source& source) {
  std::string_view held = source.lines.held();
  if (!source.console->has_rows() || held.empty() || (!source.drawn_over && !held.ends_with('\r'))) return;
  if (held.ends_with('\r')) held.remove_suffix(1);
  if (!held.empty()) draw_row(source, source.bars.cursor(), held);
}

void LogTee::draw_row(Source& source, int row, std::string_view text) {
  if (is_blank(text))
    source.console->remove_row(source.first_row + row);
  else
    source.console->set_row(source.first_row + row, source.prefix, text);
}

void LogTee::draw_rows(Source& source) {
  if (!source.console->has_rows()) return;
  const auto& rows = source.bars.rows();
  for (int row = 0; row < BarRows::most; ++row)
    draw_row(source, row, static_cast<std::size_t>(row) < rows.size() ? rows[static_cast<std::size_t>(row)].text : "");
}

void LogTee::take_lines(Source& source, const std::vector<BarRow>& rows) {
  for (const BarRow& row : rows)
    if (!row.text.empty()) take_line(source, row.text, row.told);
  draw_rows(source);
}

void LogTee::take_line(Source& source, std::string_view text, bool told) {
  if (!told) show(source, text);
  last_.emplace_back(text.substr(0, most_last_line_bytes));
  if (last_.size() > most_last_lines) last_.pop_front();
  if (on_line_) on_line_(std::string(text));
}

void LogTee::show(Source& source, std::string_view text) {
  if (!prefixed_) return;  // already shown, as it came
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
