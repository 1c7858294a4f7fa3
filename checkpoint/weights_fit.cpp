#include "checkpoint/weights_fit.h"

#include <map>

#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/weights_cure.h"
#include "checkpoint/wrapper_names.h"

namespace tlaunch {
namespace {

constexpr std::size_t most_shown = 3;  // of a kind

using ByName = std::map<std::string_view, const TensorView*>;

std::string described(const TensorView& tensor) {
  std::string text = tensor.dtype + " [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) text += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return text + "]";
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
  const std::string count = count_of_average(names);  // no weights, and of no use here
  for (const TensorView& tensor : held)
    if (!tensor.name.starts_with(reserved_prefix) && !want.contains(tensor.name) && tensor.name != count)
      found.unexpected.push_back(&tensor);
  return found;
}

template <class Item, class Text>
std::string line(const std::string& what, const std::vector<Item>& items, const Text& text) {
  if (items.empty()) return "";
  std::string all = "\n  " + std::to_string(items.size()) + " " + what + ": ";
  for (std::size_t i = 0; i < items.size() && i < most_shown; ++i) all += (i == 0 ? "" : ", ") + text(items[i]);
  return items.size() <= most_shown ? all : all + ", ...";
}

}  // namespace

std::string misfit(const std::string& path, const std::vector<TensorView>& held,
                   const std::vector<TensorView>& wanted) {
  const Misfits found = compare(held, wanted);
  if (found.missing.empty() && found.unexpected.empty() && found.different.empty()) return "";
  const auto one = [](const TensorView* tensor) { return shown(tensor->name) + " " + described(*tensor); };
  const auto both = [](const Misfits::Pair& pair) {
    return shown(pair.held->name) + " is " + described(*pair.held) + ", the model's " + described(*pair.wanted);
  };
  return path + ": its weights do not fit this model:" + line("missing", found.missing, one) +
         line("unexpected", found.unexpected, one) + line("of another shape or dtype", found.different, both) + "\n  " +
         cure_of(path, found, wanted);
}

}  // namespace tlaunch
