#include "base/patient_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace tlaunch {

PatientFile::PatientFile(std::string path, PatientFileForm form, Tell tell, FileCalls& calls,
                         std::function<double()> clock_s)
    : path_(std::move(path)),
      form_(std::move(form)),
      tell_(std::move(tell)),
      calls_(calls),
      clock_s_(std::move(clock_s)) {
  try_again();
}

PatientFile::~PatientFile() {
  if (fd_ >= 0) calls_.close(fd_);
}

void PatientFile::append(std::string record) {
  if (waiting_bytes_ + record.size() > form_.waiting_limit_bytes && !waiting_.empty()) {
    ++given_up_;
  } else {
    waiting_bytes_ += record.size();
    waiting_.push_back(std::move(record));
  }
  constexpr double between_tries_s = 1;
  if (!failed_at_s_ || clock_s_() >= *failed_at_s_ + between_tries_s) try_again();
}

std::int64_t PatientFile::finish() {
  try_again();
  return missing();
}

void PatientFile::try_again() {
  int error = fd_ < 0 ? open_file() : 0;
  if (error == 0) error = take_back_half_a_record();
  while (error == 0 && !waiting_.empty()) {
    error = write_record(waiting_.front());
    if (error != 0) break;
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
  }
  failed_at_s_.reset();
  if (error == 0) return;
  failed_at_s_ = clock_s_();
  if (!std::exchange(told_, true))
    tell_(format_text("cannot write {}: {}. The run continues, and writing is tried again", path_,
                      std::generic_category().message(error)));
}

int PatientFile::open_file() {
  // O_NONBLOCK: a pipe without a reader must not stop the run. It has no effect on a file.
  fd_ = calls_.open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
  return fd_ < 0 ? errno : 0;
}

int PatientFile::take_back_half_a_record() {
  if (!torn_at_) return 0;
  // An append-only file (chattr +a) refuses this, but half a line can be ended instead.
  if (calls_.ftruncate(fd_, *torn_at_) != 0 && !form_.lines) return errno;
  torn_at_.reset();
  return 0;
}

std::string PatientFile::what_goes_before(off_t size) const {
  if (size == 0) return form_.head;
  char last = '\n';
  const bool cut_short = form_.lines && size > 0 && ::pread(fd_, &last, 1, size - 1) == 1 && last != '\n';
  return cut_short ? "\n" : "";
}

int PatientFile::write_record(std::string_view record) {
  const off_t size = ::lseek(fd_, 0, SEEK_END);
  const std::string whole = what_goes_before(size).append(record);
  for (std::string_view rest = whole; !rest.empty();) {
    const ssize_t wrote = calls_.write(fd_, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int error = wrote < 0 ? errno : ENOSPC;
      if (size >= 0 && rest.size() < whole.size()) torn_at_ = size;
      take_back_half_a_record();
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

}  // namespace tlaunch
