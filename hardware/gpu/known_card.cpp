#include "hardware/gpu/known_card.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "hardware/gpu/gpu_table.h"

namespace tlaunch {
namespace {

using Words = std::vector<std::string>;

// In GB: "12gb", "12gib", and without `unit_needed` also "12g" and "12".
std::optional<double> memory_size(const std::string& text, bool unit_needed) {
  double size = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || !std::isfinite(size)) return std::nullopt;
  const std::string unit(rest, text.data() + text.size());
  const bool fits = unit.empty() ? !unit_needed : unit == "gb" || unit == "gib" || (unit == "g" && !unit_needed);
  return fits ? std::optional(size) : std::nullopt;
}

struct Asked {
  Words words;
  std::optional<double> memory_gb;
};

Asked understand(const std::string& text) {
  Asked asked;
  const auto colon = text.rfind(':');
  asked.words = card_words(text.substr(0, colon));
  if (colon != std::string::npos) {
    std::string memory;
    for (const unsigned char c : text.substr(colon + 1)) {
      if (!std::isspace(c)) memory += static_cast<char>(std::tolower(c));
    }
    asked.memory_gb = memory_size(memory, false);
    if (!asked.memory_gb || *asked.memory_gb <= 0)
      throw UsageError(
          format_text("GPU {}: the memory after the colon must be a number of GB, as in rtx_3060:12GB", quoted(text)));
    return asked;
  }
  for (std::size_t i = 0; i < asked.words.size(); ++i) {
    const bool apart = i + 1 < asked.words.size() && asked.words[i + 1] == "gb";  // "12 GB"
    asked.memory_gb = memory_size(asked.words[i] + (apart ? "gb" : ""), true);
    if (!asked.memory_gb) continue;
    const auto at = asked.words.begin() + static_cast<std::ptrdiff_t>(i);
    asked.words.erase(at, at + (apart ? 2 : 1));
    break;
  }
  return asked;
}

// Without the words that not everybody writes.
Words bare(Words words) {
  std::erase_if(words, [](const std::string& word) {
    return word == "nvidia" || word == "geforce" || word == "tesla" || word == "quadro" || word == "generation" ||
           word == "gpu";
  });
  return words;
}

const GpuCard* named(const Words& words) {
  for (const GpuCard& card : gpu_table().cards) {
    const auto is = [&](const Words& known) { return bare(known) == bare(words); };
    if (is(card_words(card.id)) || is(card_words(card.name)) || std::any_of(card.match.begin(), card.match.end(), is))
      return &card;
  }
  // A driver's name may have more words after the card's: "NVIDIA H100 80GB HBM3", "Tesla V100-SXM2".
  const bool drivers = !words.empty() && bare({words.front()}).empty();
  return drivers ? find_card(words).card : nullptr;
}

// Up to three ids: first cards with the same number in their name, then those with the nearest spelling.
Words near(const Words& words) {
  const std::string spelt = joined(bare(words), "_");
  Words ids, found;
  for (const GpuCard& card : gpu_table().cards) {
    const Words own = card_words(card.id);
    const bool shares = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      const bool number = word.find_first_of("0123456789") != std::string::npos;
      return number && std::find(own.begin(), own.end(), word) != own.end();
    });
    (shares ? found : ids).push_back(card.id);
  }
  while (found.size() < 3) {
    const auto next = nearest(spelt, ids);
    if (!next) break;
    found.push_back(*next);
    std::erase(ids, *next);
  }
  if (found.size() > 3) found.resize(3);
  return found;
}

}  // namespace

GpuInfo known_card(const std::string& text) {
  const Asked asked = understand(text);
  const GpuCard* const card = named(asked.words);
  if (!card) {
    const Words close = near(asked.words);
    const std::string hint = close.empty() ? "" : format_text(": did you mean {}?", either(close));
    throw UsageError(format_text("unknown GPU {}{} (configs/gpus.yaml lists the known cards)", quoted(text), hint));
  }
  const double memory_gb = asked.memory_gb.value_or(card->memory_gb.front());
  if (std::find(card->memory_gb.begin(), card->memory_gb.end(), memory_gb) == card->memory_gb.end()) {
    Words versions;
    for (const double size : card->memory_gb) versions.push_back(format_text("{}:{}GB", card->id, size));
    throw UsageError(
        format_text("GPU {}: {} is not made with {} GB; give {}", quoted(text), card->id, memory_gb, either(versions)));
  }
  GpuInfo gpu;
  gpu.name = card->name;
  gpu.tier = card->tier;
  gpu.memory_total_bytes = gpu.memory_free_bytes = static_cast<std::uint64_t>(std::llround(memory_gb * 1e9));
  gpu.capability_major = card->capability_major;
  gpu.capability_minor = card->capability_minor;
  return gpu;
}

}  // namespace tlaunch
