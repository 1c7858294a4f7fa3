#include "config/yaml/yaml_events.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "config/yaml/yaml_reader.h"

namespace tlaunch {
namespace {

using Kind = YamlEvent::Kind;

class Recorder final : public YAML::EventHandler {
 public:
  explicit Recorder(const std::string& text) : size_(text.size()) {
    line_starts_.push_back(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
  std::vector<YamlEvent> take() { return std::move(events_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(Kind::null, mark, "?", "", anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(Kind::alias, mark, "", "", anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    add(Kind::scalar, mark, tag, text, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    add(Kind::list_start, mark, tag, "", anchor).flow = style == YAML::EmitterStyle::Flow;
  }
  void OnSequenceEnd() override { events_.push_back({.kind = Kind::list_end}); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    add(Kind::map_start, mark, tag, "", anchor).flow = style == YAML::EmitterStyle::Flow;
  }
  void OnMapEnd() override { events_.push_back({.kind = Kind::map_end}); }

 private:
  // The offset comes from line and column, because yaml-cpp's own offset is wrong after a byte-order mark and after
  // bytes that are not UTF-8.
  YamlEvent& add(Kind kind, const YAML::Mark& mark, const std::string& tag, const std::string& text,
                 std::size_t anchor) {
    const auto line = std::min<std::size_t>(static_cast<std::size_t>(mark.line), line_starts_.size() - 1);
    const std::size_t offset = std::min(line_starts_[line] + static_cast<std::size_t>(mark.column), size_);
    events_.push_back({kind, tag, text, anchor, false, offset, mark.line + 1, mark.column + 1});
    return events_.back();
  }

  std::size_t size_;
  std::vector<std::size_t> line_starts_;
  std::vector<YamlEvent> events_;
};

}  // namespace

bool same_content(const std::vector<YamlEvent>& a, const std::vector<YamlEvent>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const YamlEvent& x, const YamlEvent& y) {
    return x.kind == y.kind && x.tag == y.tag && x.text == y.text && x.anchor == y.anchor && x.flow == y.flow;
  });
}

std::vector<YamlEvent> read_yaml_events(const std::string& text) {
  read_yaml(text);  // refuses hostile text, a second document and text that is not YAML
  Recorder recorder(text);
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(recorder)) {
  }
  return recorder.take();
}

std::size_t past_node(const std::vector<YamlEvent>& events, std::size_t node) {
  std::size_t depth = 0;
  do {
    const Kind kind = events[node].kind;
    if (kind == Kind::map_start || kind == Kind::list_start) ++depth;
    if (kind == Kind::map_end || kind == Kind::list_end) --depth;
    ++node;
  } while (depth > 0);
  return node;
}

}  // namespace tlaunch
