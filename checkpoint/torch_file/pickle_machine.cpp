#include "checkpoint/torch_file/pickle_machine.h"

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/pickle_globals.h"
#include "checkpoint/torch_file/pickle_opcodes.h"
#include "checkpoint/torch_file/unpickler.h"

namespace tlaunch {
namespace {

using Kind = PickleValue::Kind;
using Role = PickleGlobal::Role;
using Values = std::vector<PickleValue>;

constexpr std::size_t max_arguments = 16;  // PyTorch's functions take at most half of this
constexpr std::size_t most_shown = 120;    // bytes of a name in a message

class Machine {
 public:
  Machine(std::string_view pickle, const std::string& where) : pickle_(pickle), where_(where) {}

  Unpickled run() {
    if (pickle_.size() > max_pickle_bytes)
      fail(format_text("the pickle has {} bytes; at most {} are read", pickle_.size(), max_pickle_bytes));
    while (true) {
      op_at_ = at_;
      const auto op = static_cast<unsigned char>(take(1)[0]);
      if (op == opcode::stop) break;
      step(op);
    }
    out_.result = pop();
    out_.bytes = at_;
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(format_text("{}, byte {}: {}", where_, op_at_, what));
  }

  // ---- the pickle's bytes

  std::string_view take(std::uint64_t bytes) {
    if (bytes > pickle_.size() - at_) fail("the pickle ends within a value");
    const std::string_view taken = pickle_.substr(at_, bytes);
    at_ += bytes;
    return taken;
  }

  std::uint64_t number(int width) {
    std::uint64_t value = 0;
    const std::string_view bytes = take(static_cast<std::uint64_t>(width));
    for (int i = 0; i < width; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])) << (8 * i);
    return value;
  }

  std::string_view line() {
    const std::size_t end = pickle_.find('\n', at_);
    if (end == std::string_view::npos) fail("the pickle ends within a name");
    const std::string_view text = take(end - at_);
    ++at_;
    return text;
  }

  // ---- stack, marks, memo

  void count_value() {
    if (++pushed_ > max_pickle_values) fail(format_text("the pickle has more than {} values", max_pickle_values));
  }
  void push(PickleValue value) {
    count_value();
    stack_.push_back(value);
  }
  void push(Kind kind) { push(PickleValue{kind}); }
  void push_integer(std::int64_t value) { push({Kind::integer, 0, value}); }
  void push_text(std::string_view text) {
    push({Kind::text, static_cast<std::uint32_t>(text.size()), text.data() - pickle_.data()});
  }
  void push_new(Kind kind, Values items) {
    out_.containers.push_back(std::move(items));
    push({kind, 0, static_cast<std::int64_t>(out_.containers.size() - 1)});
  }

  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  void need(std::size_t count) const {
    if (stack_.size() - floor() < count) fail("takes values that do not exist");
  }
  PickleValue pop() {
    need(1);
    const PickleValue value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Values pop_last(std::size_t count) {
    need(count);
    const Values items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  Values pop_mark() {
    if (marks_.empty()) fail("takes values up to a mark that does not exist");
    Values items = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  // Pickles number the values of their memo one after the other. A larger number could only serve to use up memory.
  void remember(std::uint64_t index) {
    need(1);
    if (index > memo_.size() || index >= max_pickle_values)
      fail(format_text("stores a value under the memo number {}, which is too large", index));
    if (index == memo_.size()) memo_.emplace_back();
    memo_[index] = stack_.back();
  }
  void recall(std::uint64_t index) {
    if (index >= memo_.size()) fail(format_text("reads the memo number {}, which it has not stored", index));
    push(memo_[index]);
  }

  // ---- containers

  Values& items_of(const PickleValue& value) { return out_.containers[static_cast<std::size_t>(value.at)]; }
  void append(Kind kind, const Values& added) {
    need(1);
    const PickleValue target = stack_.back();
    if (target.kind == Kind::other && kind == Kind::list) return;  // items of a set
    if (target.kind != kind) fail(format_text("adds to {}", kind_name(target)));
    if (kind == Kind::dict && added.size() % 2 != 0) fail("adds a key without a value");
    Values& items = items_of(target);
    items.insert(items.end(), added.begin(), added.end());
  }
  void build() {
    const PickleValue state = pop();  // attributes, such as the _metadata of a state_dict
    need(1);
    const PickleValue& target = stack_.back();
    if (target.kind == Kind::dict || target.kind == Kind::object) return;
    // In old files a parameter has a state of three values. A state of four or five would replace the tensor's data.
    if (target.kind == Kind::tensor && state.kind == Kind::tuple && items_of(state).size() == 3) return;
    fail(format_text("sets attributes of {}", kind_name(target)));
  }

  // ---- names and calls

  std::string_view text_of(const PickleValue& value) const {
    return pickle_.substr(static_cast<std::size_t>(value.at), value.size);
  }

  void refer(std::string_view module, std::string_view name) {
    if (const auto number = find_pickle_global(module, name))
      return push({Kind::global, 0, static_cast<std::int64_t>(*number)});
    fail(format_text(
        "refers to {}.{}: not allowed in a state_dict, nor by torch.load(weights_only=True). No code of the file was "
        "run. Save only the weights: torch.save(model.state_dict(), FILE)",
        printable(std::string(module.substr(0, most_shown + 1)), most_shown),
        printable(std::string(name.substr(0, most_shown + 1)), most_shown)));
  }

  void refer_from_stack() {
    const PickleValue name = pop(), module = pop();
    if (name.kind != Kind::text || module.kind != Kind::text) fail("refers to something that is not a name");
    refer(text_of(module), text_of(name));
  }

  void call() {
    const PickleValue arguments = pop(), callee = pop();
    if (arguments.kind != Kind::tuple) fail(format_text("calls a function with {} as arguments", kind_name(arguments)));
    call(callee, argument_values(arguments));
  }

  // A copy, because making a new value may move the containers. The size is limited, because one tuple can be the
  // arguments of a million calls.
  Values argument_values(const PickleValue& tuple) {
    const Values& given = items_of(tuple);
    if (given.size() > max_arguments) fail(format_text("calls a function with {} arguments", given.size()));
    return given;
  }

  void call(const PickleValue& callee, const Values& given) {
    if (callee.kind != Kind::global) fail(format_text("calls {}", kind_name(callee)));
    const PickleGlobal& global = pickle_global(static_cast<std::size_t>(callee.at));
    switch (global.role) {
      case Role::ordered_dict: return push_ordered(given);
      case Role::counter:
        if (!given.empty() && given[0].kind == Kind::dict) return push(given[0]);
        return push_new(Kind::dict, {});
      case Role::size:
        if (!given.empty() && given[0].kind == Kind::tuple) return push(given[0]);
        return push_new(Kind::tuple, {});
      case Role::rebuild_tensor:
        // In v2: (..., requires_grad, hooks[, metadata])
        return rebuild_tensor(given, 7, given.size() > 6 ? given[6] : PickleValue{});
      case Role::rebuild_tensor_v3:
        if (given.size() < 7 || !has_role(given[6], Role::dtype)) fail("makes a tensor without a dtype");
        return rebuild_tensor(given, 8, given.size() > 7 ? given[7] : PickleValue{}, given[6]);
      case Role::wrap_tensor:
        if (given.empty() || (given[0].kind != Kind::tensor && given[0].kind != Kind::object))
          fail(format_text("calls {} without a tensor", global.name));
        return push(given[0]);
      case Role::rebuild_from_type:
        if (given.size() != 4 || given[2].kind != Kind::tuple || has_role(given[0], Role::rebuild_from_type))
          fail(format_text("calls {} with other arguments than function, class, arguments and state", global.name));
        return call(given[0], argument_values(given[2]));
      case Role::unwritable_tensor:
      case Role::opaque: return push({Kind::object, 0, callee.at});
      case Role::storage:
      case Role::dtype:
      case Role::constant: fail(format_text("calls {}", kind_name(callee)));
    }
  }

  // Python 2 passes a list of pairs.
  void push_ordered(const Values& given) {
    if (given.empty()) return push_new(Kind::dict, {});
    if (given.size() != 1 || given[0].kind != Kind::list) fail("makes an OrderedDict from something other than pairs");
    Values items;
    for (const PickleValue& pair : items_of(given[0])) {
      if ((pair.kind != Kind::list && pair.kind != Kind::tuple) || items_of(pair).size() != 2)
        fail("makes an OrderedDict from something other than pairs");
      count_value();
      items.insert(items.end(), items_of(pair).begin(), items_of(pair).end());
    }
    push_new(Kind::dict, std::move(items));
  }

  bool has_role(const PickleValue& value, Role role) const {
    return value.kind == Kind::global && pickle_global(static_cast<std::size_t>(value.at)).role == role;
  }

  // Whether the stored values have the opposite sign of the tensor's.
  bool is_negated(const PickleValue& metadata) {
    if (metadata.kind != Kind::dict) return false;
    const Values& items = items_of(metadata);
    if (items.size() > max_arguments) return true;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i + 1].kind == Kind::boolean && items[i + 1].at != 0) return true;  // "neg", "conj"
    return false;
  }

  // `given`: (storage, offset, shape, strides, ...), at most `most`. `dtype`: the tensor's, if it is not the storage's.
  void rebuild_tensor(const Values& given, std::size_t most, const PickleValue& metadata,
                      const PickleValue& dtype = {}) {
    if (given.size() < 4 || given.size() > most) fail(format_text("makes a tensor with {} arguments", given.size()));
    if (given[0].kind != Kind::storage || given[1].kind != Kind::integer || given[2].kind != Kind::tuple ||
        given[3].kind != Kind::tuple)
      fail("makes a tensor from something other than storage, offset, shape and strides");
    const auto storage = static_cast<std::size_t>(given[0].at);
    const std::size_t type =
        dtype.kind == Kind::global ? static_cast<std::size_t>(dtype.at) : out_.storages[storage].type;
    const std::string& name = pickle_global(type).dtype;
    // The tensor cannot be written as safetensors. It stays an object, so that messages can name it.
    if (name.empty() || is_negated(metadata)) return push({Kind::object, 0, static_cast<std::int64_t>(type)});
    out_.tensors.push_back({storage, name, given[1].at, given[2], given[3]});
    push({Kind::tensor, 0, static_cast<std::int64_t>(out_.tensors.size() - 1)});
  }

  // ("storage", type, key, device, elements); the older format adds a view: None or (key, offset, elements).
  void persistent() {
    const PickleValue id = pop();
    if (id.kind != Kind::tuple) fail(format_text("names a storage by {}, not by a tuple", kind_name(id)));
    const Values& parts = items_of(id);
    if (parts.size() < 5 || parts.size() > 6 || parts[0].kind != Kind::text || text_of(parts[0]) != "storage" ||
        !has_role(parts[1], Role::storage) || parts[2].kind != Kind::text || parts[4].kind != Kind::integer ||
        parts[4].at < 0)
      fail("names a storage by something other than type, key, device and number of elements");
    PickleStorage storage{parts[2], static_cast<std::size_t>(parts[1].at)};
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(parts[4].at), pickle_global(storage.type).width,
                               &storage.bytes))
      fail(format_text("names a storage of {} elements, which is too large", parts[4].at));
    if (parts.size() == 6 && parts[5].kind != Kind::none) {
      const Values view = parts[5].kind == Kind::tuple ? items_of(parts[5]) : Values{};
      if (view.size() != 3 || view[1].kind != Kind::integer || view[1].at < 0)
        fail("names a view of a storage by something other than key, offset and number of elements");
      storage.view_at = static_cast<std::uint64_t>(view[1].at);
    }
    out_.storages.push_back(storage);
    push({Kind::storage, 0, static_cast<std::int64_t>(out_.storages.size() - 1)});
  }

  // Two's complement, little-endian, of any length.
  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) return push(Kind::other);
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    push_integer(static_cast<std::int64_t>(value));
  }

  void skip_scalar(std::uint64_t bytes) {
    take(bytes);
    push(Kind::other);
  }

  void step(unsigned char op);

  std::string_view pickle_;
  const std::string& where_;
  std::size_t at_ = 0, op_at_ = 0;
  std::uint64_t pushed_ = 0;
  Values stack_, memo_;
  std::vector<std::size_t> marks_;
  Unpickled out_;
};

void Machine::step(unsigned char op) {
  switch (op) {
    case opcode::proto:
      if (const auto version = number(1); version < 2 || version > 5)
        fail(format_text("pickle protocol {} is not supported, only 2 to 5", version));
      return;
    case opcode::frame: return void(number(8));
    case opcode::mark:
      if (marks_.size() >= max_pickle_values) fail("too many marks");
      return marks_.push_back(stack_.size());
    case opcode::pop:
      if (stack_.size() == floor() && !marks_.empty()) return marks_.pop_back();
      return void(pop());
    case opcode::pop_mark: return void(pop_mark());
    case opcode::dup: need(1); return push(PickleValue(stack_.back()));

    case opcode::none: return push(Kind::none);
    case opcode::new_true: return push({Kind::boolean, 0, 1});
    case opcode::new_false: return push({Kind::boolean, 0, 0});
    case opcode::bin_int: return push_integer(static_cast<std::int32_t>(number(4)));
    case opcode::bin_int1: return push_integer(static_cast<std::int64_t>(number(1)));
    case opcode::bin_int2: return push_integer(static_cast<std::int64_t>(number(2)));
    case opcode::long1: return push_long(take(number(1)));
    case opcode::long4: return push_long(take(number(4)));
    case opcode::bin_float: return skip_scalar(8);

    case opcode::short_bin_unicode: return push_text(take(number(1)));
    case opcode::bin_unicode: return push_text(take(number(4)));
    case opcode::bin_unicode8: return push_text(take(number(8)));
    case opcode::short_bin_string: return push_text(take(number(1)));
    case opcode::bin_string: return push_text(take(number(4)));
    case opcode::short_bin_bytes: return skip_scalar(number(1));
    case opcode::bin_bytes: return skip_scalar(number(4));
    case opcode::bin_bytes8: return skip_scalar(number(8));
    case opcode::byte_array8: return skip_scalar(number(8));

    case opcode::empty_tuple: return push_new(Kind::tuple, {});
    case opcode::tuple1: return push_new(Kind::tuple, pop_last(1));
    case opcode::tuple2: return push_new(Kind::tuple, pop_last(2));
    case opcode::tuple3: return push_new(Kind::tuple, pop_last(3));
    case opcode::tuple: return push_new(Kind::tuple, pop_mark());
    case opcode::empty_list: return push_new(Kind::list, {});
    case opcode::list: return push_new(Kind::list, pop_mark());
    case opcode::empty_dict: return push_new(Kind::dict, {});
    case opcode::append: return append(Kind::list, pop_last(1));
    case opcode::appends: return append(Kind::list, pop_mark());
    case opcode::set_item: return append(Kind::dict, pop_last(2));
    case opcode::set_items: return append(Kind::dict, pop_mark());
    case opcode::empty_set: return push(Kind::other);
    case opcode::add_items: return append(Kind::list, pop_mark());
    case opcode::frozen_set: pop_mark(); return push(Kind::other);

    case opcode::bin_put: return remember(number(1));
    case opcode::long_bin_put: return remember(number(4));
    case opcode::memoize: return remember(memo_.size());
    case opcode::bin_get: return recall(number(1));
    case opcode::long_bin_get: return recall(number(4));

    case opcode::global: {
      const std::string_view module = line(), name = line();
      return refer(module, name);
    }
    case opcode::stack_global: return refer_from_stack();
    case opcode::reduce:
    case opcode::new_object: return call();
    case opcode::build: return build();
    case opcode::bin_pers_id: return persistent();
    default: fail(format_text("opcode {} is not allowed in a state_dict", op));
  }
}

}  // namespace

std::string kind_name(const PickleValue& value) {
  switch (value.kind) {
    case Kind::none: return "None";
    case Kind::boolean: return "a boolean";
    case Kind::integer: return "an integer";
    case Kind::other: return "a scalar";
    case Kind::text: return "a string";
    case Kind::tuple: return "a tuple";
    case Kind::list: return "a list";
    case Kind::dict: return "a dict";
    case Kind::storage: return "a storage";
    case Kind::tensor: return "a tensor";
    case Kind::global: return pickle_global(static_cast<std::size_t>(value.at)).name;
    case Kind::object: {
      const std::string& makes = pickle_global(static_cast<std::size_t>(value.at)).makes;
      return makes.empty() ? "a conjugated or negated view of a tensor" : makes;
    }
  }
  return "";
}

bool is_unwritable_tensor(const PickleValue& value) {
  if (value.kind != Kind::object) return false;
  const Role role = pickle_global(static_cast<std::size_t>(value.at)).role;
  // An object of a storage or a dtype is a tensor whose dtype cannot be written.
  return role == Role::unwritable_tensor || role == Role::storage || role == Role::dtype;
}

Unpickled run_pickle(std::string_view pickle, const std::string& where) { return Machine(pickle, where).run(); }

}  // namespace tlaunch
