// tlaunch-config-docs: reads `tlaunch-worker describe --json` from stdin, prints docs/config.md. Only for
// scripts/update_docs.
#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/json_problem.h"
#include "config/config_loader.h"

int main() {
  try {
    const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
    std::cout << tlaunch::config_markdown(tlaunch::description_from_json(tlaunch::Json::parse(input)));
    return std::cout.flush() ? tlaunch::exit_code::ok : tlaunch::exit_code::io;
  } catch (const std::exception& error) {
    std::cerr << "tlaunch-config-docs: " << tlaunch::json_problem(error) << "\n";
    return tlaunch::exit_code::failure;
  }
}
