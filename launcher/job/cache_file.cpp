#include "launcher/job/cache_file.h"

#include <span>

#include "base/atomic_file.h"
#include "base/cache_folder.h"
#include "base/crc32c.h"

namespace tlaunch {
namespace {

constexpr std::size_t limit_bytes = 4u << 20;

std::string sum_of(const Json& content) {
  const std::string text = text_of(content);
  return content_name(std::as_bytes(std::span(text)));
}

}  // namespace

std::optional<Json> read_cache_file(const std::string& path) {
  if (path.empty()) return std::nullopt;
  try {
    Json file = Json::parse(read_file(path, limit_bytes));
    if (file.at("sum") != sum_of(file.at("content"))) return std::nullopt;
    return std::move(file["content"]);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void write_cache_file(const std::string& path, const Json& content) {
  keep_in_cache(path, text_of(Json{{"sum", sum_of(content)}, {"content", content}}, 1) + "\n");
}

}  // namespace tlaunch
