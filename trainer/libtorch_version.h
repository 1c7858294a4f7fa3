// Whether the LibTorch that was loaded is the one that this program was compiled with. Another one that happens to have
// all symbols would compute with other layouts of the same classes.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

// "2.11.0" out of what at::show_config() says; "" where it does not say it. Pure.
std::string version_in(std::string_view config);

// Throws UsageError that names the versions and the library loaded.
void check_libtorch_version();

}  // namespace tlaunch
