#include "checkpoint/weights_fit.h"

#include <map>

#include "base/text.h"
#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/weights_cure.h"
#include "checkpoint/wrapper_names.h"

namespace tlaunch {
namespace {

constexpr std::size_t most_shown = 3;  // tensors of each kind in the message

using ByName = std::map<std::string_view, const TensorView*>;

std::string described(const TensorView& tensor) {
  return format_text("{} [{}]", tensor.dtype, sizes_text(tensor.shape));
}

Misfits compare(const std::vector<TensorView>& held, const std::vector<TensorView>& wanted) {
  ByName have, want;
  for (const TensorView& tensor : held) have[tensor.name] = &tensor;
  for (const TensorView& tensor : wanted) want[tensor.name] = &tensor;
  Misfits found;
  for (const TensorView& tensor : wanted) {
    const auto same = have.find(tensor.name);
    if (same == have.end())
      found.missing.push_back(&tensor);
    else if (same->second->dtype != tensor.dtype || same->second->shape != tensor.shape)
      found.different.push_back({same->second, &tensor});
  }
  std::vector<std::string> names;
  for (const TensorView& tensor : held)
    if (!tensor.name.starts_with(reserved_prefix)) names.push_back(tensor.name);
  const std::string count = count_of_average(names);  // not a weight, so the file may have it
  for (const TensorView& tensor : held)
    if (!tensor.name.starts_with(reserved_prefix) && !want.contains(tensor.name) && tensor.name != count)
      found.unexpected.push_back(&tensor);
  return found;
}

template <class Item, class Text>
std::string line(const std::string& what, const std::vector<Item>& items, const Text& text) {
  if (items.empty()) return "";
  std::vector<std::string> shown_items;
  for (std::size_t i = 0; i < items.size() && i < most_shown; ++i) shown_items.push_back(text(items[i]));
  if (items.size() > most_shown) shown_items.push_back("...");
  return format_text("\n  {} {}: {}", items.size(), what, joined(shown_items, ", "));
}

}  // namespace

std::string misfit(const std::string& path, const std::vector<TensorView>& held,
                   const std::vector<TensorView>& wanted) {
  const Misfits found = compare(held, wanted);
  if (found.missing.empty() && found.unexpected.empty() && found.different.empty()) return "";
  const auto one = [](const TensorView* tensor) {
    return format_text("{} {}", shown(tensor->name), described(*tensor));
  };
  const auto both = [](const Misfits::Pair& pair) {
    return format_text("{} is {} but {} in the model", shown(pair.held->name), described(*pair.held),
                       described(*pair.wanted));
  };
  return format_text("{}: its weights do not fit this model:{}{}{}\n  {}", path, line("missing", found.missing, one),
                     line("unexpected", found.unexpected, one),
                     line("of another shape or dtype", found.different, both), cure_of(path, found, wanted));
}

}  // namespace tlaunch
