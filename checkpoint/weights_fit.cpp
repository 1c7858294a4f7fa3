#include "checkpoint/weights_fit.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "checkpoint/run_checkpoints.h"
#include "checkpoint/safetensors_head.h"
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

struct Pair {
  const TensorView *held, *wanted;
};

struct Misfits {
  std::vector<const TensorView*> missing, unexpected;
  std::vector<Pair> different;
};

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
  for (const TensorView& tensor : held)
    if (!tensor.name.starts_with(reserved_prefix) && !want.contains(tensor.name)) found.unexpected.push_back(&tensor);
  return found;
}

template <class Item, class Text>
std::string line(const std::string& what, const std::vector<Item>& items, const Text& text) {
  if (items.empty()) return "";
  std::string all = "\n  " + std::to_string(items.size()) + " " + what + ": ";
  for (std::size_t i = 0; i < items.size() && i < most_shown; ++i) all += (i == 0 ? "" : ", ") + text(items[i]);
  return items.size() <= most_shown ? all : all + ", ...";
}

bool dtype_alone(const Pair& pair) { return pair.held->shape == pair.wanted->shape; }

// Where all that differs are sizes of the first dimension, one in the file and one in the model: those.
std::optional<std::pair<std::int64_t, std::int64_t>> outputs(const std::vector<Pair>& different) {
  std::set<std::pair<std::int64_t, std::int64_t>> sizes;
  for (const auto& [held, wanted] : different) {
    if (held->dtype != wanted->dtype || held->shape.empty() || held->shape.size() != wanted->shape.size() ||
        !std::equal(held->shape.begin() + 1, held->shape.end(), wanted->shape.begin() + 1))
      return std::nullopt;
    sizes.emplace(held->shape[0], wanted->shape[0]);
  }
  return sizes.size() == 1 ? std::optional(*sizes.begin()) : std::nullopt;
}

std::vector<std::string> unwrapped(const std::vector<TensorView>& tensors, std::vector<std::string>& taken_off) {
  std::vector<std::string> names;
  for (const TensorView& tensor : tensors)
    if (!tensor.name.starts_with(reserved_prefix)) names.push_back(tensor.name);
  UnwrappedNames result = without_wrappers(std::move(names));
  taken_off = std::move(result.taken_off);
  std::sort(result.names.begin(), result.names.end());
  return result.names;
}

std::string cure(const std::string& path, const std::vector<TensorView>& held, const std::vector<TensorView>& wanted,
                 const Misfits& found) {
  if (found.missing.empty() && found.unexpected.empty()) {
    if (std::all_of(found.different.begin(), found.different.end(), dtype_alone))
      return "the dtypes alone differ: convert the weights in Python, {name: w.to(torch.float32) for name, w in "
             "weights.items()}, and save them anew";
    if (const auto sizes = outputs(found.different))
      return "the file's model has " + std::to_string(sizes->first) + " outputs, this one " +
             std::to_string(sizes->second) + ", one for each class of the data: give data with as many (data.name, "
             "data.root), or weights of a model for this data";
  }
  const auto reserved = [](const TensorView* tensor) { return tensor->name.starts_with(reserved_prefix); };
  if (found.unexpected.empty() && found.different.empty() &&
      std::all_of(found.missing.begin(), found.missing.end(), reserved))
    return "it has not the state of this run's optimizer: keep train.optimizer, or start a new run with model.weights";
  std::vector<std::string> wrappers;
  std::vector<std::string> own;
  for (const TensorView& tensor : wanted)
    if (!tensor.name.starts_with(reserved_prefix)) own.push_back(tensor.name);
  std::sort(own.begin(), own.end());
  const std::vector<std::string> without = unwrapped(held, wrappers);
  const auto known = [&](const std::string& name) { return std::binary_search(own.begin(), own.end(), name); };
  if (!wrappers.empty() && std::any_of(without.begin(), without.end(), known)) {
    std::string all;
    for (const std::string& each : wrappers) all += (all.empty() ? "" : ", ") + shown(each);
    return "a wrapper has added " + all + " to the file's names; take it off: tlaunch checkpoints import " + path +
           " --output " + std::filesystem::path(path).stem().string() + "-imported.safetensors";
  }
  return "the file is of another model: give model.name and the other model. keys the values that it was trained with";
}

}  // namespace

std::string misfit(const std::string& path, const std::vector<TensorView>& held,
                   const std::vector<TensorView>& wanted) {
  const Misfits found = compare(held, wanted);
  if (found.missing.empty() && found.unexpected.empty() && found.different.empty()) return "";
  const auto one = [](const TensorView* tensor) { return shown(tensor->name) + " " + described(*tensor); };
  const auto both = [](const Pair& pair) {
    return shown(pair.held->name) + " is " + described(*pair.held) + ", the model's " + described(*pair.wanted);
  };
  return path + ": its weights do not fit this model:" + line("missing", found.missing, one) +
         line("unexpected", found.unexpected, one) + line("of another shape or dtype", found.different, both) + "\n  " +
         cure(path, held, wanted, found);
}

}  // namespace tlaunch
