#include "checkpoint/weights_cure.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>

#include "base/text.h"
#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

using Tensors = std::vector<const TensorView*>;

constexpr std::size_t most_added = 3;  // tensors that the lines of Python name
constexpr const char* other_model =
    "the file is from another model: set model.name and the other model. keys to the values of its training";

bool dtype_alone(const Misfits::Pair& pair) { return pair.held->shape == pair.wanted->shape; }

// The sizes of the first dimension in the file and in the model, if that is the only difference and the same for all.
std::optional<std::pair<std::int64_t, std::int64_t>> outputs(const std::vector<Misfits::Pair>& different) {
  std::set<std::pair<std::int64_t, std::int64_t>> sizes;
  for (const auto& [held, wanted] : different) {
    if (held->dtype != wanted->dtype || held->shape.empty() || held->shape.size() != wanted->shape.size() ||
        !std::equal(held->shape.begin() + 1, held->shape.end(), wanted->shape.begin() + 1))
      return std::nullopt;
    sizes.emplace(held->shape[0], wanted->shape[0]);
  }
  return sizes.size() == 1 ? std::optional(*sizes.begin()) : std::nullopt;
}

std::string of_other_values(const std::vector<Misfits::Pair>& different) {
  if (std::all_of(different.begin(), different.end(), dtype_alone))
    return "only the dtypes differ: convert the weights in Python, {name: w.to(torch.float32) for name, w in "
           "weights.items()}, and save them again";
  if (const auto sizes = outputs(different))
    return format_text(
        "the file's model has {} outputs, but this model has {}, one per class of the data: use data with {} classes "
        "(data.name, data.root), or weights of a model for this data",
        sizes->first, sizes->second, sizes->first);
  return other_model;
}

// The part of the model that the tensors are in: "fc." for "fc.weight" and "fc.bias"; "" if they have no common part.
std::string part_of(const Tensors& tensors) {
  if (tensors.empty()) return "";
  std::string_view part = tensors.front()->name;
  for (const TensorView* tensor : tensors)
    part = part.substr(
        0, static_cast<std::size_t>(
               std::mismatch(part.begin(), part.end(), tensor->name.begin(), tensor->name.end()).first - part.begin()));
  return std::string(part.substr(0, part.rfind('.') + 1));
}

// Whether both have the same tensors apart from the names of their parts.
bool same_within(const Tensors& a, const std::string& part_a, const Tensors& b, const std::string& part_b) {
  const auto without_part = [](const Tensors& tensors, const std::string& part) {
    std::set<std::tuple<std::string, std::string, std::vector<std::int64_t>>> all;
    for (const TensorView* each : tensors) all.emplace(each->name.substr(part.size()), each->dtype, each->shape);
    return all;
  };
  return without_part(a, part_a) == without_part(b, part_b);
}

std::string saved_as(const std::string& path) {
  return std::filesystem::path(path).stem().string() + "-fitting.safetensors";
}

const char* const python_imports = "\n    import torch; from safetensors.torch import load_file, save_file";

std::string renamed(const std::string& path, const std::string& from, const std::string& to) {
  return format_text(
      "this model's part {} is named {} in the file. Rename it in Python:{}\n"
      "    save_file({{name.replace({}, {}, 1): w for name, w in load_file({}).items()}}, {})",
      shown(to), shown(from), python_imports, shown(from), shown(to), shown(path), shown(saved_as(path)));
}

// Python for an initial value.
std::string first_value(const TensorView& tensor) {
  const char* const function = tensor.shape.size() < 2 ? "torch.zeros" : "0.01 * torch.randn";
  return format_text("{}({})", function, sizes_text(tensor.shape));
}

// The lines of Python that remove the tensors that begin with `part` ("": none) and add `missing`.
std::string replaced(const std::string& path, const std::string& part, const Tensors& missing) {
  std::string text = format_text("{}\n    w = load_file({})", python_imports, shown(path));
  if (!part.empty())
    text += format_text("; w = {{name: w[name] for name in w if not name.startswith({})}}", shown(part));
  std::vector<std::string> added;
  for (std::size_t i = 0; i < missing.size() && i < most_added; ++i)
    added.push_back(format_text("w[{}] = {}", shown(missing[i]->name), first_value(*missing[i])));
  if (!added.empty()) text += "\n    " + joined(added, "; ");
  if (missing.size() > most_added) text += format_text("  # and so on for all {}", missing.size());
  return text + format_text("\n    save_file(w, {})", shown(saved_as(path)));
}

}  // namespace

std::string sizes_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(std::to_string(size));
  return joined(sizes, ", ");
}

std::string cure_of(const std::string& path, const Misfits& found, const std::vector<TensorView>& wanted) {
  const auto &missing = found.missing, &unexpected = found.unexpected;
  const auto& different = found.different;
  if (missing.empty() && unexpected.empty()) return of_other_values(different);
  if (!different.empty()) return other_model;
  const auto reserved = [](const TensorView* tensor) { return tensor->name.starts_with(reserved_prefix); };
  if (unexpected.empty() && std::all_of(missing.begin(), missing.end(), reserved))
    return "the file lacks the state of this run's optimizer: set train.optimizer to that of the saved run, or start a "
           "new run with model.weights";

  // If the file has some tensors of a layer, that layer is not a head that was left off or replaced.
  const std::string absent = part_of(missing), surplus = part_of(unexpected);
  const auto fits_within = [&](const std::string& part) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const TensorView& tensor) {
      return tensor.name.starts_with(part) && std::find(missing.begin(), missing.end(), &tensor) == missing.end();
    });
  };
  const bool something_fits = missing.size() < wanted.size();
  const bool whole_part_absent = missing.empty() || (!absent.empty() && !fits_within(absent));
  const bool whole_part_surplus = unexpected.empty() || (!surplus.empty() && !fits_within(surplus));
  if (!something_fits || !whole_part_absent || !whole_part_surplus) return other_model;
  if (unexpected.empty())
    return format_text(
        "the file lacks only {}: if this part was left off, as a head may be, add it in Python; else {}{}",
        shown(absent), other_model, replaced(path, "", missing));
  if (missing.empty())
    return format_text(
        "the file has {}, which this model does not need: if it is not a part of the model, remove it in Python; else "
        "{}{}",
        shown(surplus), other_model, replaced(path, surplus, {}));
  if (same_within(missing, absent, unexpected, surplus)) return renamed(path, surplus, absent);
  return format_text("the file has {} in place of {}: if it is another head, replace it in Python; else {}{}",
                     shown(surplus), shown(absent), other_model, replaced(path, surplus, missing));
}

}  // namespace tlaunch
