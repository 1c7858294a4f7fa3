// tlaunch-event-docs: prints docs/events.md. Only for scripts/update_docs.
#include <iostream>

#include "base/error.h"
#include "contract/event_codec.h"

int main() {
  std::cout << tlaunch::event_reference();
  return std::cout.flush() ? tlaunch::exit_code::ok : tlaunch::exit_code::io;
}
