#include "checkpoint/torch_file/weights_choice.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <map>
#include <set>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

using Kind = PickleValue::Kind;
using Entries = std::vector<std::pair<std::string_view, PickleValue>>;

// Keys under which training scripts save a model's weights, besides every key with "state_dict" in it.
constexpr std::string_view usual_keys[] = {"model",  "model_state", "weights",   "params",    "net", "network",
                                           "module", "generator",   "model_ema", "ema_model", "ema"};
// Words in the keys of states that are not a model's, though their tensors can have the same names and shapes.
constexpr std::string_view other_states[] = {"optim",     "optimizer",  "optimizers", "optimiser", "opt",       "sched",
                                             "scheduler", "schedulers", "scaler",     "rng",       "gradscaler"};
// Keys of the values that optimizers keep per parameter, or for all parameters.
constexpr std::string_view optimizer_slots[] = {"exp_avg",    "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer",
                                                "square_avg", "exp_inf",    "acc_delta"};
constexpr std::size_t most_listed = 10, longest_path = 200;  // in a message

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool is_other_state(std::string_view key) {
  const std::string lower = lower_case(key);
  for (std::size_t begin = 0, end; begin < lower.size(); begin = end + 1) {  // word by word: not "upscaler", "optimal"
    end = std::min(lower.find_first_of("_-./ 0123456789", begin), lower.size());
    const std::string_view word = std::string_view(lower).substr(begin, end - begin);
    if (std::find(std::begin(other_states), std::end(other_states), word) != std::end(other_states)) return true;
  }
  return false;
}

bool is_usual(std::string_view key) {
  const std::string lower = lower_case(key);
  return lower.find("state_dict") != std::string::npos ||
         std::find(std::begin(usual_keys), std::end(usual_keys), lower) != std::end(usual_keys);
}

// True for a name that PyTorch modules give: "fc.weight".
bool is_parameter_name(std::string_view name) {
  return name == "weight" || name == "bias" || name.find('.') != std::string_view::npos;
}

// How likely a dict is to be the weights; a later value is stronger.
enum class Claim {
  none,
  tensors,     // it holds tensors, as a dict of metrics can
  named,       // it holds vectors of floats, or tensors that cannot be written, under names of module parameters
  matrices,    // it holds matrices of floats, as every model does; or the whole file is a dict of tensors
  parameters,  // it holds such matrices under names of module parameters
  usual_key
};

// A dict, or a list or tuple of dicts with the keys "0", "1", ...
struct Node {
  std::size_t parent = 0;  // index; the top is its own parent
  std::string_view key;
  bool usual = false;  // whether its key, or the key of the list it is in, is a usual one
  PickleValue value;
  Entries entries;
  Claim claim = Claim::none;
};

class Chooser {
 public:
  Chooser(const Unpickled& unpickled, std::string_view pickle, const std::string& where)
      : unpickled_(unpickled), pickle_(pickle), where_(where) {}

  ChosenWeights choose(const std::string& path) {
    if (unpickled_.result.kind != Kind::dict)
      fail(format_text("it holds {}, not a dict of tensors by name{}", kind_name(unpickled_.result), advice));
    look_at_all();
    const std::size_t index = path.empty() ? likely() : at_path(path);
    return chosen(index, path.empty() ? path_of(index) : path);
  }

 private:
  static constexpr const char* advice = ". Save only the weights: torch.save(model.state_dict(), FILE)";

  [[noreturn]] void fail(const std::string& what) const { throw DataError(where_ + ": " + what); }

  std::string_view text_of(const PickleValue& value) const {
    return pickle_.substr(static_cast<std::size_t>(value.at), value.size);
  }
  const std::vector<PickleValue>& items_of(const PickleValue& value) const {
    return unpickled_.containers[static_cast<std::size_t>(value.at)];
  }

  // The entries whose key is a string, by key; of equal keys the last one counts, as in Python.
  Entries entries_of(const PickleValue& value) {
    Entries found;
    const auto& items = items_of(value);
    if (value.kind != Kind::dict) {
      for (std::size_t i = 0; i < items.size(); ++i)
        if (is_container(items[i])) found.emplace_back(indices_.emplace_back(std::to_string(i)), items[i]);
      return found;
    }
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i].kind == Kind::text) found.emplace_back(text_of(items[i]), items[i + 1]);
    std::reverse(found.begin(), found.end());
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    found.erase(
        std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
        found.end());
    return found;
  }

  static bool is_container(const PickleValue& value) {
    return value.kind == Kind::dict || value.kind == Kind::list || value.kind == Kind::tuple;
  }
  static bool is_tensor(const PickleValue& value) { return value.kind == Kind::tensor || is_unwritable_tensor(value); }

  // Adds each dict that keys lead to once, even if it has several references or is in a cycle. Skips everything below
  // an optimizer or a scheduler.
  void look_at_all() {
    std::set<std::int64_t> seen{unpickled_.result.at};
    nodes_.push_back({0, "", false, unpickled_.result, entries_of(unpickled_.result)});
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (is_optimizer(nodes_[i].entries)) continue;
      nodes_[i].claim = claim_of(i);
      for (const bool usual : {true, false})  // first the usual keys: a dict under two keys gets the usual one
        for (std::size_t e = 0; e < nodes_[i].entries.size(); ++e) {
          const auto [key, value] = nodes_[i].entries[e];
          if (!is_container(value) || is_usual(key) != usual || is_other_state(key) || !seen.insert(value.at).second)
            continue;
          const bool in_usual_list = nodes_[i].usual && nodes_[i].value.kind != Kind::dict;
          if (Entries entries = entries_of(value); value.kind == Kind::dict || !entries.empty())
            nodes_.push_back({i, key, usual || in_usual_list, value, std::move(entries)});
        }
    }
  }

  static bool is_optimizer(const Entries& entries) {
    const auto holds = [&](std::string_view key) {
      return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == key; });
    };
    return (holds("state") && holds("param_groups")) ||
           std::any_of(std::begin(optimizer_slots), std::end(optimizer_slots), holds);
  }

  // Of a tensor of floats; 0 for other tensors.
  std::size_t dimensions_of(const PickleValue& tensor) const {
    const PickleTensor& raw = unpickled_.tensors[static_cast<std::size_t>(tensor.at)];
    return raw.dtype.find_first_of("FC") != std::string::npos ? items_of(raw.shape).size() : 0;  // not "BOOL"
  }

  Claim claim_of(std::string_view name, const PickleValue& tensor) const {
    const bool parameter = is_parameter_name(name);
    const std::size_t dimensions = tensor.kind == Kind::tensor ? dimensions_of(tensor) : 1;
    if (dimensions >= 2) return parameter ? Claim::parameters : Claim::matrices;
    return parameter && dimensions == 1 ? Claim::named : Claim::tensors;
  }

  Claim claim_of(std::size_t index) const {
    const Node& node = nodes_[index];
    std::size_t tensors = 0;
    Claim claim = Claim::none;
    bool unwritable_parameter = false;
    for (const auto& [name, value] : node.entries) {
      if (!is_tensor(value)) continue;
      ++tensors;
      claim = std::max(claim, claim_of(name, value));
      unwritable_parameter = unwritable_parameter || (value.kind != Kind::tensor && is_parameter_name(name));
    }
    if (tensors == 0) return Claim::none;
    if (index == 0) return tensors == node.entries.size() ? std::max(claim, Claim::matrices) : claim;
    return node.usual && (claim >= Claim::matrices || unwritable_parameter) ? Claim::usual_key : claim;
  }

  std::vector<std::size_t> with_claim(Claim least) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].claim >= least) found.push_back(i);
    return found;
  }

  // The chosen dict and its siblings: under unusual keys a sibling may be another part of the same model, even if it
  // holds few tensors.
  std::vector<std::size_t> with_siblings(std::size_t chosen) const {
    std::vector<std::size_t> found;
    for (const std::size_t i : with_claim(Claim::named))
      if (i == chosen || (i != 0 && chosen != 0 && nodes_[i].parent == nodes_[chosen].parent)) found.push_back(i);
    return found;
  }

  std::size_t likely() const {
    const bool usual = !with_claim(Claim::usual_key).empty();
    auto candidates = with_claim(usual ? Claim::parameters : Claim::matrices);
    if (!usual && candidates.size() == 1) candidates = with_siblings(candidates.front());
    if (candidates.size() == 1) return candidates.front();
    if (!candidates.empty())
      throw UsageError(format_text("{}: the weights can be {}; choose one: --key NAME", where_, paths_of(candidates)));
    const auto others = with_claim(Claim::tensors);
    if (others.empty())
      fail(format_text("it holds no tensors by name; its keys: {}{}", keys_of(nodes_.front().entries), advice));
    throw UsageError(
        format_text("{}: nothing in it looks like a model's weights; dicts of tensors: {}; choose one: --key NAME",
                    where_, paths_of(others)));
  }

  // All nodes that the path leads to from the top. A key may itself contain a slash, and several keys may lead to one
  // node.
  std::set<std::size_t> nodes_at(std::string_view path) const {
    std::map<std::int64_t, std::size_t> by_value;
    for (std::size_t i = 0; i < nodes_.size(); ++i) by_value.emplace(nodes_[i].value.at, i);
    std::set<std::size_t> found;
    if (path == top_level_key) found.insert(0);
    std::set<std::pair<std::size_t, std::size_t>> seen{{0, 0}};  // a node, and the bytes of the path that led to it
    for (std::vector<std::pair<std::size_t, std::size_t>> open{{0, 0}}; !open.empty();) {
      const auto [node, done] = open.back();
      open.pop_back();
      for (const auto& [key, value] : nodes_[node].entries) {
        if (!is_container(value) || !path.substr(done).starts_with(key)) continue;
        const auto below = by_value.find(value.at);
        if (below == by_value.end()) continue;
        const std::size_t end = done + key.size();
        if (end == path.size()) found.insert(below->second);
        if (end < path.size() && path[end] == '/' && seen.emplace(below->second, end + 1).second)
          open.emplace_back(below->second, end + 1);
      }
    }
    return found;
  }

  std::size_t at_path(const std::string& path) const {
    const auto all = with_claim(Claim::tensors);
    const auto named = nodes_at(path);
    std::vector<std::size_t> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](std::size_t i) { return named.contains(i); });
    if (found.size() == 1) return found.front();
    throw UsageError(format_text("{}: --key {} {}; dicts of tensors: {}", where_, path,
                                 found.empty() ? "leads to no dict of tensors" : "is ambiguous", paths_of(all)));
  }

  std::string path_of(std::size_t index) const {
    if (index == 0) return top_level_key;
    std::string path(nodes_[index].key);
    while ((index = nodes_[index].parent) != 0 && path.size() < longest_path)
      path = std::string(nodes_[index].key) + "/" + path;
    return path;
  }

  // The texts of 0 to `count`, of which it names the first ones.
  template <class Text>
  static std::string listed(std::size_t count, const Text& text) {
    std::vector<std::string> first;
    for (std::size_t i = 0; i < std::min(count, most_listed); ++i) first.push_back(text(i));
    if (count > most_listed) return format_text("{} and {} more", joined(first, ", "), count - most_listed);
    return first.empty() ? "none" : joined(first, ", ");
  }

  std::string paths_of(const std::vector<std::size_t>& nodes) const {
    return listed(nodes.size(),
                  [&](std::size_t i) { return shown(path_of(nodes[i])) + (nodes[i] == 0 ? " (the top level)" : ""); });
  }

  static std::string keys_of(const Entries& entries) {
    return listed(entries.size(), [&](std::size_t i) { return shown(entries[i].first); });
  }

  // Refuses to lose a part of the weights: a user who evaluates the rest would not notice.
  void check_writable(std::size_t index, const std::string& path) const {
    Entries lost;
    for (const auto& entry : nodes_[index].entries)
      if (is_unwritable_tensor(entry.second)) lost.push_back(entry);
    const std::string weights = index == 0 ? "the weights" : format_text("the weights under {}", shown(path));
    if (!lost.empty())
      fail(format_text(
          "{} have {}, which a safetensors file cannot hold. In Python, convert it (.to_dense(), .dequantize(), "
          ".to(DTYPE), .resolve_conj(), .resolve_neg()) or remove it from the dict, and save the weights again",
          weights, listed(lost.size(), [&](std::size_t i) { return described(lost[i]); })));
    const auto& items = items_of(nodes_[index].value);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i].kind != Kind::text && is_tensor(items[i + 1]))
        fail(
            format_text("{} have a tensor whose key is {}, but a safetensors file needs a string. In Python: "
                        "torch.save({{str(name): w for name, w in weights.items()}}, FILE)",
                        weights, kind_name(items[i])));
  }

  static std::string described(const Entries::value_type& entry) {
    return format_text("{} ({})", shown(entry.first), kind_name(entry.second));
  }

  ChosenWeights chosen(std::size_t index, const std::string& path) {
    check_writable(index, path);
    ChosenWeights weights{{}, path, {}};
    const auto leave_out = [&](const auto& entry) { weights.left_out.push_back(described(entry)); };
    for (const auto& entry : nodes_[index].entries)
      if (entry.second.kind != Kind::tensor) leave_out(entry);
    const auto& items = items_of(nodes_[index].value);
    std::size_t nameless = 0;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) nameless += items[i].kind != Kind::text;
    if (nameless == 1) weights.left_out.push_back("1 entry whose key is not a string");
    if (nameless > 1) weights.left_out.push_back(format_text("{} entries whose keys are not strings", nameless));
    for (std::size_t below = index; below != 0; below = nodes_[below].parent)
      for (const auto& entry : nodes_[nodes_[below].parent].entries)  // except the same dict under another key
        if (!is_container(entry.second) || entry.second.at != nodes_[below].value.at) leave_out(entry);
    weights.entries = std::move(nodes_[index].entries);
    return weights;
  }

  const Unpickled& unpickled_;
  std::string_view pickle_;
  const std::string& where_;
  std::vector<Node> nodes_;
  std::deque<std::string> indices_;  // keys within lists
};

}  // namespace

ChosenWeights choose_weights(const Unpickled& unpickled, std::string_view pickle, const std::string& path,
                             const std::string& where) {
  return Chooser(unpickled, pickle, where).choose(path);
}

}  // namespace tlaunch
