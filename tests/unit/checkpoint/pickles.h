// Builds pickles by hand, opcode by opcode.
#pragma once

#include <cstdint>
#include <string>

namespace tlaunch::test {

inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
inline std::string unicode(const std::string& text) { return "X" + little(text.size(), 4) + text; }
inline std::string integer(std::int64_t value) { return "\x8a\x08" + little(static_cast<std::uint64_t>(value), 8); }
inline std::string tuple(const std::string& items) { return "(" + items + "t"; }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
// Doubles the text instead of appending it each time: this is compiled without optimisation, and every start of the
// test program builds some texts of millions of bytes.
inline std::string times(const std::string& text, std::size_t count) {
  const std::size_t bytes = text.size() * count;
  std::string all = count > 0 ? text : "";
  all.reserve(bytes);
  while (all.size() < bytes) all.append(all, 0, bytes - all.size());
  return all;
}

inline std::string storage(std::int64_t elements, const std::string& type = "FloatStorage",
                           const std::string& key = "0") {
  return tuple(unicode("storage") + global("torch", type) + unicode(key) + unicode("cpu") + integer(elements)) + "Q";
}
// `shape` and `strides` as the items of a tuple.
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::string& shape,
                          const std::string& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple(storage + integer(offset) + tuple(shape) + tuple(strides) + "\x89" +
               global("collections", "OrderedDict") + ")R") +
         "R";
}
inline std::string pickle(const std::string& opcodes) { return "\x80\x02" + opcodes + "."; }
// {name: value}
inline std::string dict(const std::string& name, const std::string& value) { return "}" + unicode(name) + value + "s"; }

}  // namespace tlaunch::test
