#include "launcher/run/session.h"

#include <algorithm>

#include "base/clock.h"
#include "launcher/narration/narrator.h"

namespace tlaunch {

Session::Session(EventLog& log, Progress& progress) : log_(log), progress_(progress), start_s_(unix_time_s()) {}

Session::Session(EventLog& log, Progress& progress, const RunConfig& config, const RunSoFar& so_far)
    : Session(log, progress) {
  eta_.emplace(start_s_, config, so_far);
  max_time_ = TimeLimit(config.launch.max_time, 0);
}

std::map<std::string, double> Session::spent() const {
  if (!eta_) return {};
  auto parts = eta_->spent(unix_time_s());
  const auto waits = time_by_phase_.seconds();
  if (const auto wait = waits.find("loading"); wait != waits.end() && parts.contains("steps")) {
    parts["data_wait"] = std::min(wait->second, parts["steps"]);
    parts["steps"] -= parts["data_wait"];
  }
  return parts;
}

double Session::wall_s() const { return unix_time_s() - start_s_; }

void Session::on_event(const StampedEvent& event) {
  record_.on_event(event);
  time_by_phase_.on_event(event);
  log_.append_line(event.line);
  show(narrate(event, {wall_s(), eta_.has_value()}));
  // The line of an evaluation has the step, so the progress line need not repeat it.
  if (std::holds_alternative<EvaluationEvent>(event.event) && event.rank == 0) shown_step_ = record_.step;
  if (eta_) report(eta_->on_event(event, record_));
}

void Session::on_heartbeat(int rank, const HeartbeatEvent& beat) {
  if (rank == 0) phase_ = beat.phase;
}

void Session::report(const EtaReport& due) {
  if (due.first) {
    log_.append(OtherEvent{"estimate", to_json(*due.first)});
    progress_.line(estimate_text(*due.first));
    if (const std::string line = max_time_.shortfall(due.first->likely_s); !line.empty()) progress_.line(line);
  }
  if (!due.remaining) return;
  if (!due.left_estimate.empty()) progress_.line(due.left_estimate);
  if (!due.announce) return;
  const double estimated_s = eta_->first()->likely_s;
  const EtaEvent eta{record_.step, due.remaining->low_s, due.remaining->likely_s,      due.remaining->high_s,
                     estimated_s,  due.projected_s,      due.projected_s - estimated_s};
  log_.append(eta);
  const bool more = record_.step < record_.start->total_steps;
  if (due.epoch_ended && more) progress_.line(eta_text(eta));
}

void Session::show(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) progress_.line(line);
}

void Session::on_hang(const HangVerdict& verdict, const std::string& log_folder) {
  log_.append(HangEvent{{verdict.ranks.begin(), verdict.ranks.end()},
                        verdict.step,
                        verdict.phase,
                        verdict.reason,
                        verdict.limit_s,
                        verdict.places,
                        log_folder});
  show(hang_lines(verdict, log_folder));
}

void Session::on_tick() {
  if (!record_.start || record_.end || record_.stopped || record_.step <= record_.start->start_step) return;
  const double now_s = unix_time_s();
  const EtaLine eta = eta_ ? eta_->line(now_s, record_, phase_) : EtaLine{};
  // A line that is overwritten counts the seconds down; a line that stays is only worth printing if it says something
  // new.
  const bool counts = progress_.terminal().is_terminal && eta.text != shown_eta_.text;
  if (eta.late.empty()) shown_eta_.late.clear();
  if (record_.step == shown_step_ && eta.late == shown_eta_.late && !counts) return;
  RunRecord shown = record_;
  if (!eta_) shown.start.reset();  // a smoke test's epochs are shorter than what the start event says
  if (!progress_.update(shown, eta.text, now_s)) return;
  shown_step_ = record_.step;
  shown_eta_ = eta;
}

}  // namespace tlaunch
