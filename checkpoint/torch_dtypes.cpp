#include "checkpoint/torch_dtypes.h"

#include <utility>

namespace tlaunch {
namespace {

constexpr std::pair<const char*, const char*> storages[] = {
    {"F64", "DoubleStorage"}, {"F32", "FloatStorage"}, {"F16", "HalfStorage"}, {"BF16", "BFloat16Storage"},
    {"I64", "LongStorage"},   {"I32", "IntStorage"},   {"I16", "ShortStorage"}, {"I8", "CharStorage"},
    {"U8", "ByteStorage"},    {"BOOL", "BoolStorage"}};

}  // namespace

std::string torch_storage(const std::string& dtype) {
  for (const auto& [name, storage] : storages)
    if (dtype == name) return storage;
  return "";
}

std::string dtype_of_storage(std::string_view wanted) {
  for (const auto& [dtype, storage] : storages)
    if (wanted == storage) return dtype;
  return "";
}

}  // namespace tlaunch
