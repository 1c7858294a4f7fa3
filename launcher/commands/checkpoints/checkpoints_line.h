// The command line of `tlaunch checkpoints VERB ...`.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"

namespace tlaunch {

// One parser per verb. Also asked, before parsing, which options take a value.
class CheckpointsLine {
 public:
  CheckpointsLine();

  // `arguments` without the word checkpoints; options may stand before the verb. Throws UsageError.
  Parsed<CheckpointsCommand> parse_command(const std::vector<std::string>& arguments);
  std::vector<const CLI::App*> apps() const { return {&list_, &verify_, &prune_, &export_, &import_}; }

 private:
  CLI::App about_{
      "Lists, verifies and prunes the checkpoints of a run, and converts weights from and to Python's formats.",
      "tlaunch checkpoints"};
  CLI::App list_{"Lists the checkpoints of a run, newest first, and why each one is kept.", "tlaunch checkpoints list"};
  CLI::App verify_{"Reads checkpoints to their last byte and compares all checksums.", "tlaunch checkpoints verify"};
  CLI::App prune_{"Deletes the checkpoints that the run's policy does not keep.", "tlaunch checkpoints prune"};
  CLI::App export_{"Writes only the model's weights, for Python.", "tlaunch checkpoints export"};
  CLI::App import_{"Converts a Python state_dict into a file for model.weights.", "tlaunch checkpoints import"};
  CheckpointsCommand values_;
};

}  // namespace tlaunch
