#include "config/yaml/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "base/text.h"

namespace tlaunch {
namespace {

// A config has some 60 keys on two levels.
constexpr std::size_t most_nodes = 10'000, deepest = 64;
// More than any real text or comment leaves open. A limit is needed because yaml-cpp reads all open brackets before it
// reports the first node.
constexpr int most_open_brackets = 1'000;

std::string too_deep() { return format_text("nested deeper than {} levels", deepest); }

class TreeBuilder final : public YAML::EventHandler {
 public:
  const YamlNodePtr& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) fail(mark, "a second document begins here; expected only one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, YamlNode::Kind::null, ""); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, const std::string& text) override {
    leaf(mark, anchor, YamlNode::Kind::scalar, text);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) fail(mark, "an alias without its anchor");
    if (!it->second->complete) fail(mark, "an alias within its own anchor");
    count(mark, it->second->nodes);
    place(it->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNodePtr node, key;  // key: of a map, already read, but its value is not
  };

  [[noreturn]] static void fail(const YAML::Mark& mark, const std::string& what) {
    throw YamlProblem{mark.line + 1, mark.column + 1, what};
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    visited_ += nodes;
    if (visited_ > most_nodes)
      fail(mark, format_text("too large: more than {} values, with aliases expanded", most_nodes));
  }

  YamlNodePtr make(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    if (anchor != 0) anchors_[anchor] = node;
    return node;
  }

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind, const std::string& text) {
    const YamlNodePtr node = make(mark, anchor, kind);
    node->text = text;
    place(node);
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (open_.size() >= deepest) fail(mark, too_deep());
    const YamlNodePtr node = make(mark, anchor, kind);
    node->complete = false;
    open_.push_back({node, nullptr});
  }

  void close() {
    const YamlNodePtr node = open_.back().node;
    open_.pop_back();
    node->complete = true;
    place(node);
  }

  void place(const YamlNodePtr& node) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    Open& parent = open_.back();
    parent.node->nodes += node->nodes;
    if (parent.node->kind == YamlNode::Kind::list) return;
    if (!parent.key) {
      if (node->kind != YamlNode::Kind::scalar)
        throw YamlProblem{node->line, node->column, "a key that is not plain text"};
      parent.key = node;
    } else {
      parent.node->fields.emplace_back(std::move(parent.key), node);
      parent.key = nullptr;
    }
  }

  YamlNodePtr root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNodePtr> anchors_;
  std::size_t visited_ = 0;
};

// yaml-cpp accepts UTF-16 and control characters, but a file with them is not a config.
void check_is_text(const std::string& text) {
  int line = 1, column = 1, brackets = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f)
      throw YamlProblem{line, column, "not a text file: it contains control characters"};
    brackets += (c == '[' || c == '{') - (c == ']' || c == '}');
    if (brackets > most_open_brackets) throw YamlProblem{line, column, too_deep()};
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) throw YamlProblem{1, 1, "not UTF-8 text"};
}

}  // namespace

YamlNodePtr read_yaml(const std::string& text) {
  check_is_text(text);
  TreeBuilder builder;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw YamlProblem{error.mark.line + 1, error.mark.column + 1, "not valid YAML: " + error.msg};
  } catch (const std::exception& error) {  // exceptions of the standard library that yaml-cpp lets through
    throw YamlProblem{0, 0, std::string("not valid YAML: ") + error.what()};
  }
  return builder.root();
}

}  // namespace tlaunch
