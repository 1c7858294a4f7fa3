#include "checkpoint/torch_file/pickle_globals.h"

#include <map>
#include <vector>

#include "checkpoint/torch_file/torch_dtypes.h"

namespace tlaunch {
namespace {

using Role = PickleGlobal::Role;

// Element types in the names of storages and of old files' tensor classes.
struct ElementType {
  const char* name;
  std::uint64_t width;
};
constexpr ElementType element_types[] = {{"Double", 8}, {"Float", 4}, {"Half", 2},         {"BFloat16", 2},
                                         {"Long", 8},   {"Int", 4},   {"Short", 2},        {"Char", 1},
                                         {"Byte", 1},   {"Bool", 1},  {"ComplexFloat", 8}, {"ComplexDouble", 16}};
constexpr ElementType quantized_types[] = {
    {"QInt8", 1}, {"QUInt8", 1}, {"QInt32", 4}, {"QUInt4x2", 1}, {"QUInt2x4", 1}};
// clang-format off
constexpr const char* dtypes[] = {
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex32",
    "complex64", "complex128", "quint8", "qint8", "qint32", "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8",
    "bits2x4", "bits4x2", "uint16", "uint32", "uint64", "float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz",
    "float8_e4m3fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "uint1", "uint2", "uint3", "uint4", "uint5", "uint6",
    "uint7", "int1", "int2", "int3", "int4", "int5", "int6", "int7"};
// clang-format on

std::vector<PickleGlobal> allowed() {
  std::vector<PickleGlobal> all = {
      {"collections.OrderedDict", Role::ordered_dict, "", 0, ""},
      {"collections.Counter", Role::counter, "", 0, ""},
      {"torch._utils._rebuild_tensor", Role::rebuild_tensor, "", 0, ""},
      {"torch._utils._rebuild_tensor_v2", Role::rebuild_tensor, "", 0, ""},
      {"torch._utils._rebuild_tensor_v3", Role::rebuild_tensor_v3, "", 0, ""},
      {"torch._utils._rebuild_parameter", Role::wrap_tensor, "", 0, ""},
      {"torch._utils._rebuild_parameter_with_state", Role::wrap_tensor, "", 0, ""},
      {"torch._utils._rebuild_device_tensor_from_cpu_tensor", Role::wrap_tensor, "", 0, ""},
      {"torch.nn.parameter.Parameter", Role::wrap_tensor, "", 0, ""},
      {"torch._tensor._rebuild_from_type_v2", Role::rebuild_from_type, "", 0, ""},
      {"torch._utils._rebuild_sparse_tensor", Role::unwritable_tensor, "", 0, "a sparse tensor"},
      {"torch._utils._rebuild_qtensor", Role::unwritable_tensor, "", 0, "a quantized tensor"},
      {"torch._utils._rebuild_nested_tensor", Role::unwritable_tensor, "", 0, "a nested tensor"},
      {"torch._utils._rebuild_meta_tensor_no_storage", Role::unwritable_tensor, "", 0, "a tensor without values"},
      {"torch._utils._rebuild_wrapper_subclass", Role::unwritable_tensor, "", 0, "a tensor of a class of its own"},
      {"torch._utils._rebuild_device_tensor_from_numpy", Role::unwritable_tensor, "", 0, "a tensor of a device"},
      {"torch.Tensor", Role::unwritable_tensor, "", 0, "a tensor of an old format"},
      {"torch.Size", Role::size, "", 0, ""},
      {"torch.device", Role::opaque, "", 0, "a torch.device"},
      {"torch.serialization._get_layout", Role::opaque, "", 0, "a torch.layout"},
      {"_codecs.encode", Role::opaque, "", 0, "bytes"},
      {"builtins.bytearray", Role::opaque, "", 0, "a bytearray"},
      {"builtins.set", Role::opaque, "", 0, "a set"},
      {"builtins.complex", Role::opaque, "", 0, "a complex number"},
      {"torch.storage.TypedStorage", Role::opaque, "", 0, "a storage"},
      {"torch.storage.UntypedStorage", Role::storage, "U8", 1, ""},  // its elements are bytes
  };
  const auto add_dtyped = [&](const std::string& name, Role role, const std::string& dtype, std::uint64_t width) {
    all.push_back({name, role, dtype, width, dtype.empty() ? "a tensor of " + name : ""});
  };
  for (const auto& [type, width] : element_types)
    for (const std::string place : {"torch.", "torch.cuda."}) {
      const std::string storage = std::string(type) + "Storage";
      add_dtyped(place + storage, Role::storage, dtype_of_storage(storage), width);
    }
  for (const auto& [type, width] : quantized_types)
    add_dtyped("torch." + std::string(type) + "Storage", Role::storage, "", width);
  for (const auto& [type, width] : element_types)
    if (!std::string_view(type).starts_with("Complex"))
      for (const std::string place : {"torch.", "torch.cuda.", "torch.sparse.", "torch.cuda.sparse."})
        if (type != std::string_view("Bool") || place.find("sparse") == std::string::npos)
          all.push_back({place + type + "Tensor", Role::unwritable_tensor, "", 0, "a tensor of an old format"});
  for (const std::string dtype : dtypes) add_dtyped("torch." + dtype, Role::dtype, dtype_of_torch(dtype), 0);
  for (const std::string scheme : {"per_tensor_affine", "per_tensor_symmetric", "per_channel_affine",
                                   "per_channel_symmetric", "per_channel_affine_float_qparams"})
    all.push_back({"torch." + scheme, Role::constant, "", 0, ""});
  return all;
}

const std::vector<PickleGlobal>& globals() {
  static const std::vector<PickleGlobal> all = allowed();
  return all;
}

}  // namespace

std::optional<std::size_t> find_pickle_global(std::string_view module, std::string_view name) {
  static const std::map<std::string, std::size_t, std::less<>> by_name = [] {
    std::map<std::string, std::size_t, std::less<>> numbers;
    for (std::size_t i = 0; i < globals().size(); ++i) numbers.emplace(globals()[i].name, i);
    return numbers;
  }();
  std::string full(module == "__builtin__" ? "builtins" : module);
  (full += '.') += name;
  const auto found = by_name.find(full);
  return found == by_name.end() ? std::nullopt : std::optional(found->second);
}

const PickleGlobal& pickle_global(std::size_t number) { return globals()[number]; }

}  // namespace tlaunch
