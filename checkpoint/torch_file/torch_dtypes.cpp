#include "checkpoint/torch_file/torch_dtypes.h"

namespace tlaunch {
namespace {

struct Dtype {
  const char* name;  // in safetensors
  const char* torch;
  const char* storage;  // "": none; such a tensor is rebuilt from a storage of bytes
};
constexpr Dtype dtypes[] = {{"F64", "float64", "DoubleStorage"},
                            {"F32", "float32", "FloatStorage"},
                            {"F16", "float16", "HalfStorage"},
                            {"BF16", "bfloat16", "BFloat16Storage"},
                            {"C64", "complex64", "ComplexFloatStorage"},
                            {"I64", "int64", "LongStorage"},
                            {"I32", "int32", "IntStorage"},
                            {"I16", "int16", "ShortStorage"},
                            {"I8", "int8", "CharStorage"},
                            {"U8", "uint8", "ByteStorage"},
                            {"BOOL", "bool", "BoolStorage"},
                            {"U64", "uint64", ""},
                            {"U32", "uint32", ""},
                            {"U16", "uint16", ""},
                            {"F8_E5M2", "float8_e5m2", ""},
                            {"F8_E4M3", "float8_e4m3fn", ""},
                            {"F8_E5M2FNUZ", "float8_e5m2fnuz", ""},
                            {"F8_E4M3FNUZ", "float8_e4m3fnuz", ""}};

std::string found(std::string_view wanted, const char* Dtype::*by, const char* Dtype::*what) {
  if (wanted.empty()) return "";
  for (const Dtype& dtype : dtypes)
    if (wanted == dtype.*by) return dtype.*what;
  return "";
}

}  // namespace

std::string torch_storage(const std::string& dtype) { return found(dtype, &Dtype::name, &Dtype::storage); }
std::string torch_dtype(const std::string& dtype) { return found(dtype, &Dtype::name, &Dtype::torch); }
std::string dtype_of_storage(std::string_view storage) { return found(storage, &Dtype::storage, &Dtype::name); }
std::string dtype_of_torch(std::string_view dtype) { return found(dtype, &Dtype::torch, &Dtype::name); }

}  // namespace tlaunch
