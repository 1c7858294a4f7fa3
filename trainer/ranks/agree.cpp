#include "trainer/ranks/agree.h"

#include <algorithm>

namespace tlaunch {

std::int64_t agree(const Ranks& ranks, std::int64_t value) {
  const auto tensor = torch::tensor({value});
  ranks.broadcast({tensor});
  return tensor.item<std::int64_t>();
}

std::string agree(const Ranks& ranks, std::string text) {
  text.resize(static_cast<std::size_t>(agree(ranks, static_cast<std::int64_t>(text.size()))));
  if (ranks.size() == 1 || text.empty()) return text;
  const auto bytes = torch::empty({static_cast<std::int64_t>(text.size())}, torch::kUInt8);
  std::copy(text.begin(), text.end(), static_cast<char*>(bytes.mutable_data_ptr()));
  ranks.broadcast({bytes});
  return {static_cast<const char*>(bytes.const_data_ptr()), text.size()};
}

}  // namespace tlaunch
