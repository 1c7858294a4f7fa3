// Uses a header of two rooms and a feature of C++20.
#include <iostream>
#include <span>

#include "base/crc32c.h"
#include "base/units.h"

int main() {
  const char text[] = "123456789";
  std::cout << std::hex << tlaunch::crc32c(std::as_bytes(std::span(text, 9))) << " " << tlaunch::format_bytes(1000)
            << "\n";
}
