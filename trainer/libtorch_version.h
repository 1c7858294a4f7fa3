// Whether the LibTorch that was loaded is the one that this program was compiled with. Another one that happens to have
// all symbols would compute with other layouts of the same classes.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

// The version ("2.11.0") in the text of at::show_config(); "" if it has none. Pure.
std::string version_in(std::string_view config);

// Throws UsageError that names both versions and the loaded library if they differ.
void check_libtorch_version();

}  // namespace tlaunch
