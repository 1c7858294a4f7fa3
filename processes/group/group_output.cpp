#include "processes/group/group_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/text.h"

namespace tlaunch {

namespace {

// Not for a rank whose bytes are passed on unchanged: it may move the cursor itself.
bool wants_rows(const GroupSpec& spec) {
  return spec.rows && spec.workers.size() > 1 &&
         std::none_of(spec.workers.begin(), spec.workers.end(), [](const WorkerSpec& w) { return w.inherit_stdin; });
}

bool are_one_terminal(int one, int other) {
  struct stat first = {}, second = {};
  return ::isatty(one) != 0 && ::isatty(other) != 0 && ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
         first.st_rdev == second.st_rdev;
}

}  // namespace

GroupOutput::GroupOutput(const GroupSpec& spec, const GroupCallbacks& callbacks)
    : spec_(spec),
      callbacks_(callbacks),
      out_(STDOUT_FILENO, wants_rows(spec)),
      error_(STDERR_FILENO, wants_rows(spec)),
      shown_error_(are_one_terminal(STDOUT_FILENO, STDERR_FILENO) ? out_ : error_) {}

void GroupOutput::add_rank(SpawnRequest& request) {
  const std::size_t rank = tees_.size();
  const WorkerSpec& worker = spec_.workers[rank];
  tees_.push_back(std::make_unique<LogTee>(
      static_cast<int>(rank), spec_.workers.size() > 1 && !worker.inherit_stdin, worker.line_prefix,
      LogFile(worker.log_path, spec_.log_limit_bytes, [this](const std::string& text) { say(text); }),
      console_of(rank, Stream::out), console_of(rank, Stream::error), [this, rank](const std::string& line) {
        if (callbacks_.on_line) callbacks_.on_line(static_cast<int>(rank), line);
      }));
  Pipe out = make_pipe(), error = make_pipe();
  request.output = std::move(out.write);
  request.error = std::move(error.write);
  for (const auto& [stream, pipe] : {std::pair(Stream::out, &out), std::pair(Stream::error, &error)}) {
    set_nonblocking(pipe->read.get());
    sources_.push_back({rank, stream, std::move(pipe->read)});
  }
}

std::vector<int> GroupOutput::pipes() const {
  std::vector<int> ends;
  for (const Source& source : sources_) ends.push_back(source.pipe.get());
  return ends;
}

void GroupOutput::add_to(PollSet& polls) {
  constexpr int rounds = 4;  // so that one loud rank does not keep signals waiting
  add_readers_to(polls);
  for (Source& source : sources_)
    polls.add([this, &source] { return waits_for_reader(source) ? -1 : source.pipe.get(); }, POLLIN,
              [this, &source] { read(source, rounds); });
}

void GroupOutput::add_readers_to(PollSet& polls) {
  for (Screen* screen : {&out_, &error_})
    polls.add([screen] { return screen->pending() ? screen->fd() : -1; }, POLLOUT, [] {});  // settle() writes
}

void GroupOutput::settle() {
  for (const Source& source : sources_)
    if (waits_for_reader(source) && callbacks_.on_output) callbacks_.on_output();
  flush();
  heed_lost_output();
}

bool GroupOutput::waits_for_reader(const Source& source) { return console_of(source.rank, source.stream).blocked(); }

void GroupOutput::read_to_the_end() {
  for (Source& source : sources_) read(source, INT_MAX);
  for (const auto& tee : tees_) tee->finish(monotonic_s());
  leave_terminal();
}

void GroupOutput::show_only_in_logs() {
  for (const auto& tee : tees_) tee->show_only_in_log(nowhere_);
}

void GroupOutput::flush() {
  out_.settle(monotonic_s());
  error_.settle(monotonic_s());
}

void GroupOutput::leave_terminal() {
  for (Screen* screen : {&out_, &error_}) {
    screen->wipe_rows();
    screen->flush();
  }
}

std::optional<double> GroupOutput::next_draw_s() const {
  const auto first = out_.next_draw_s(), second = error_.next_draw_s();
  return first && second ? std::min(*first, *second) : first ? first : second;
}

void GroupOutput::say(const std::string& text) {
  shown_error_.wipe_rows();
  shown_error_.append("tlaunch: " + text + "\n");
  shown_error_.settle(monotonic_s());
}

// The screen that shows a rank's stream.
Screen& GroupOutput::console_of(std::size_t rank, Stream stream) {
  const WorkerSpec& worker = spec_.workers[rank];
  if (!spec_.show_output || !(stream == Stream::out ? worker.show_out : worker.show_error)) return nowhere_;
  return stream == Stream::out ? out_ : shown_error_;
}

void GroupOutput::read(Source& source, int most_rounds) {
  if (!source.pipe) return;
  static char bytes[65536];
  for (int round = 0; round < most_rounds; ++round) {
    const ssize_t size = ::read(source.pipe.get(), bytes, sizeof bytes);
    if (size > 0) {
      if (callbacks_.on_output) callbacks_.on_output();
      tees_[source.rank]->feed(source.stream, {bytes, static_cast<std::size_t>(size)}, monotonic_s());
    } else if (size == 0 || errno == EAGAIN) {
      if (size == 0) source.pipe.reset();
      return;
    }
  }
}

// If the reader of our output is gone (`| head`), a rank should notice at its next write, as it would without us. Not
// if a log stores the output: that rank's work is still useful. Other errors (a file on a full disk) are not a reason
// to end a rank.
void GroupOutput::heed_lost_output() {
  for (Source& source : sources_)
    if (console_of(source.rank, source.stream).reader_gone() && spec_.workers[source.rank].log_path.empty())
      source.pipe.reset();
  if (out_.error() != 0 && !out_.reader_gone() && !std::exchange(told_lost_output_, true))
    say(format_text("cannot write to standard output: {}; further output is dropped, and the ranks continue",
                    std::strerror(out_.error())));
}

std::vector<std::string> GroupOutput::incomplete_logs() const {
  std::vector<std::string> paths;
  for (const auto& tee : tees_)
    if (tee->log().lacks_output()) paths.push_back(tee->log().path());
  return paths;
}

}  // namespace tlaunch
