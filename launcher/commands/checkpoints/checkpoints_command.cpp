#include "launcher/commands/checkpoints/checkpoints_command.h"

#include <stdexcept>

namespace tlaunch {

int run_checkpoints(const CheckpointsCommand& command) {
  switch (command.verb) {
    case CheckpointsCommand::Verb::list: return list_command(command);
    case CheckpointsCommand::Verb::verify: return verify_command(command);
    case CheckpointsCommand::Verb::prune: return prune_command(command);
    case CheckpointsCommand::Verb::export_weights: return export_command(command);
    case CheckpointsCommand::Verb::import_weights: return import_command(command);
  }
  throw std::logic_error("a verb without its command");
}

}  // namespace tlaunch
