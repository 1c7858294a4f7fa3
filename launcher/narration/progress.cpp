#include "launcher/narration/progress.h"

#include <poll.h>

#include <algorithm>

#include "base/sigpipe_held.h"
#include "base/text.h"
#include "base/units.h"
#include "processes/output/display_width.h"

namespace tlaunch {

std::string progress_text(const RunRecord& record) {
  std::string text;
  if (record.start && record.start->steps_per_epoch > 0) {
    const auto& start = *record.start;
    const std::int64_t epochs = (start.total_steps + start.steps_per_epoch - 1) / start.steps_per_epoch;
    const std::int64_t current = std::min((std::max<std::int64_t>(record.step, 1) - 1) / start.steps_per_epoch + 1,
                                          std::max<std::int64_t>(epochs, 1));
    text = format_text("epoch {}/{}  step {}/{}", current, epochs, record.step, start.total_steps);
  } else {
    text = format_text("step {}", record.step);
  }
  text += format_text("  loss {:.4g}", record.loss);
  if (record.samples_per_s > 0) text += format_text("  {} samples/s", format_count(record.samples_per_s));
  return text;
}

std::string evaluation_text(const EvaluationEvent& event) {
  std::vector<std::string> metrics;
  for (const auto& [name, value] : event.metrics) metrics.push_back(format_text("{} {:.4g}", name, value));
  const std::string text = format_text("eval at step {}: {}", event.step, joined(metrics, ", "));
  return event.seconds > 0 ? format_text("{} ({})", text, format_duration(event.seconds)) : text;
}

Progress::~Progress() {
  const SigpipeHeld held;
  clear();
  while (out_.pending()) {
    pollfd reader{out_.fd(), POLLOUT, 0};
    ::poll(&reader, 1, -1);  // until it reads or closes, or until a signal ends this process
    out_.flush();
  }
}

void Progress::write(const std::string& text) {
  const SigpipeHeld held;
  out_.append(text);
  out_.flush();
}

void Progress::line(const std::string& text) {
  clear();
  write(text + "\n");
}

bool Progress::update(const RunRecord& record, const std::string& eta, double now_s) {
  if (now_s - last_s_ < (terminal_.is_terminal ? terminal_interval_s : plain_interval_s)) return false;
  last_s_ = now_s;
  passing(progress_text(record) + (eta.empty() ? "" : "  " + eta));
  return true;
}

void Progress::passing(const std::string& text) {
  if (!terminal_.is_terminal) {
    line(text);
    return;
  }
  write("");
  if (out_.pending()) return;  // the terminal is held up; this line would be overwritten anyway
  write("\r\x1b[K" + std::string(cut_to_width(text, std::max(terminal_.columns - 1, 10))));
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  write("\r\x1b[K");
  shown_ = false;
}

}  // namespace tlaunch
