#include "launcher/retention_policy.h"

namespace tlaunch {

RetentionPolicy retention_policy_of(const RunConfig&) { return {}; }

}  // namespace tlaunch
