// The tables behind schema(): one function and one file per section. Only these files and schema.cpp include this.
#pragma once

#include <vector>

#include "config/schema.h"

namespace tlaunch {

std::vector<SchemaKey> run_keys();
std::vector<SchemaKey> model_keys();
std::vector<SchemaKey> data_keys();
std::vector<SchemaKey> train_keys();
std::vector<SchemaKey> eval_keys();
std::vector<SchemaKey> gpu_keys();
std::vector<SchemaKey> checkpoint_keys();
std::vector<SchemaKey> log_keys();
std::vector<SchemaKey> launch_keys();
std::vector<SchemaKey> tune_keys();

inline constexpr double largest_count = 1e12;

// A number of at least 1.
inline ValueRule positive(double most = largest_count, const char* empty_word = "") {
  return {.min = 1, .max = most, .empty_word = empty_word};
}
inline ValueRule above_zero(const char* empty_word = "") {
  return {.min = 0, .above_min = true, .empty_word = empty_word};
}

}  // namespace tlaunch

// The binding of a key to its member.
#define TLAUNCH_FIELD(member) [](RunConfig& c) -> ConfigField { return &c.member; }
