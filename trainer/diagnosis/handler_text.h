// Builds text in a signal handler, which must not allocate. The end of a text that does not fit is cut off.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace tlaunch {

class HandlerText {
 public:
  HandlerText& add(const char* text) {
    const std::size_t room = sizeof bytes_ - size_, length = std::strlen(text) < room ? std::strlen(text) : room;
    std::memcpy(bytes_ + size_, text, length);
    size_ += length;
    return *this;
  }
  HandlerText& add(std::int64_t number) {  // not negative
    char digits[24];
    char* first = digits + sizeof digits;
    *--first = '\0';
    do {
      *--first = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return add(first);
  }
  void write_to(int fd) const { [[maybe_unused]] const ssize_t done = ::write(fd, bytes_, size_); }

 private:
  char bytes_[1024];
  std::size_t size_ = 0;
};

}  // namespace tlaunch
