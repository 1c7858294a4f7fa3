#include "checkpoint/weights_cure.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>

#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

using Tensors = std::vector<const TensorView*>;

constexpr std::size_t most_added = 3;  // tensors that the lines of Python name one by one
constexpr const char* other_model =
    "the file is of another model: give model.name and the other model. keys the values that it was trained with";

bool dtype_alone(const Misfits::Pair& pair) { return pair.held->shape == pair.wanted->shape; }

// Where all that differs are sizes of the first dimension, one in the file and one in the model: those.
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
    return "the dtypes alone differ: convert the weights in Python, {name: w.to(torch.float32) for name, w in "
           "weights.items()}, and save them anew";
  if (const auto sizes = outputs(different))
    return "the file's model has " + std::to_string(sizes->first) + " outputs, this one " +
           std::to_string(sizes->second) +
           ", one for each class of the data: give data with as many (data.name, "
           "data.root), or weights of a model for this data";
  return other_model;
}

// The part of the model that they make up: "fc." of "fc.weight" and "fc.bias"; "" where they are none.
std::string part_of(const Tensors& tensors) {
  if (tensors.empty()) return "";
  std::string_view part = tensors.front()->name;
  for (const TensorView* tensor : tensors)
    part = part.substr(
        0, static_cast<std::size_t>(
               std::mismatch(part.begin(), part.end(), tensor->name.begin(), tensor->name.end()).first - part.begin()));
  return std::string(part.substr(0, part.rfind('.') + 1));
}

// Whether they are equal but for the names of the parts that they are in.
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
  return "the file calls " + shown(from) + " what this model calls " + shown(to) +
         ": rename it in Python:" + python_imports + "\n    save_file({name.replace(" + shown(from) + ", " + shown(to) +
         ", 1): w for name, w in load_file(" + shown(path) + ").items()}, " + shown(saved_as(path)) + ")";
}

// A value to begin with.
std::string first_value(const TensorView& tensor) {
  std::string sizes;
  for (const std::int64_t size : tensor.shape) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  return tensor.shape.size() < 2 ? "torch.zeros(" + sizes + ")" : "0.01 * torch.randn(" + sizes + ")";
}

// The lines that leave out what begins with `part`, "" for nothing, and add `missing`.
std::string replaced(const std::string& path, const std::string& part, const Tensors& missing) {
  std::string text = std::string(python_imports) + "\n    w = load_file(" + shown(path) + ")";
  if (!part.empty()) text += "; w = {name: w[name] for name in w if not name.startswith(" + shown(part) + ")}";
  if (!missing.empty()) text += "\n    ";
  for (std::size_t i = 0; i < missing.size() && i < most_added; ++i)
    text += (i == 0 ? "w[" : "; w[") + shown(missing[i]->name) + "] = " + first_value(*missing[i]);
  if (missing.size() > most_added) text += "  # and so on, all " + std::to_string(missing.size());
  return text + "\n    save_file(w, " + shown(saved_as(path)) + ")";
}

}  // namespace

std::string cure_of(const std::string& path, const Misfits& found, const std::vector<TensorView>& wanted) {
  const auto &missing = found.missing, &unexpected = found.unexpected;
  const auto& different = found.different;
  if (missing.empty() && unexpected.empty()) return of_other_values(different);
  if (!different.empty()) return other_model;
  const auto reserved = [](const TensorView* tensor) { return tensor->name.starts_with(reserved_prefix); };
  if (unexpected.empty() && std::all_of(missing.begin(), missing.end(), reserved))
    return "it has not the state of this run's optimizer: keep train.optimizer, or start a new run with model.weights";

  // A layer of which the file has another part is no head that was left off or replaced.
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
    return "the file has all but " + shown(absent) + ": if that was left off, as a head is, add it in Python; else " +
           other_model + replaced(path, "", missing);
  if (missing.empty())
    return "the file has " + shown(surplus) +
           " beside what this model needs: if that is no part of the model, leave "
           "it out in Python; else " +
           other_model + replaced(path, surplus, {});
  if (same_within(missing, absent, unexpected, surplus)) return renamed(path, surplus, absent);
  return "the file has " + shown(surplus) + " in place of " + shown(absent) +
         ": if that is another head, replace it "
         "in Python; else " +
         other_model + replaced(path, surplus, missing);
}

}  // namespace tlaunch
