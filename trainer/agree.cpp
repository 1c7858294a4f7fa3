#include "trainer/agree.h"

#include <algorithm>

namespace tlaunch {

std::int64_t agree(const Group& group, std::int64_t value) {
  const auto tensor = torch::tensor({value});
  group.broadcast({tensor});
  return tensor.item<std::int64_t>();
}

std::string agree(const Group& group, std::string text) {
  text.resize(static_cast<std::size_t>(agree(group, static_cast<std::int64_t>(text.size()))));
  if (group.size() == 1 || text.empty()) return text;
  const auto bytes = torch::empty({static_cast<std::int64_t>(text.size())}, torch::kUInt8);
  std::copy(text.begin(), text.end(), static_cast<char*>(bytes.mutable_data_ptr()));
  group.broadcast({bytes});
  return {static_cast<const char*>(bytes.const_data_ptr()), text.size()};
}

}  // namespace tlaunch
