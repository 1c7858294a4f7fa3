#include "processes/group/error_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "processes/output/clean_text.h"

namespace tlaunch {
namespace {

constexpr std::size_t most_message_bytes = 500;

std::string message_in(const Json& json) {
  if (!json.is_object() || !json.contains("message")) return "";
  const Json& message = json["message"];
  if (message.is_string()) return message.get<std::string>();
  return message.is_object() && message.contains("message") && message["message"].is_string()
             ? message["message"].get<std::string>()
             : "";
}

}  // namespace

ErrorFile make_error_file(const std::string& path) {
  if (!path.empty()) return {path};
  Descriptor memory(::memfd_create("tlaunch-error", MFD_CLOEXEC));
  if (!memory) throw IoError(format_text("cannot make a file in memory: {}", std::strerror(errno)));
  // The path has our process id, so that a rank can open it.
  const std::string name = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory.get());
  return {name, std::move(memory)};
}

std::string error_message(const std::string& path) {
  if (!error_time_ns(path)) return "";
  try {
    std::string text = message_in(Json::parse(read_file(path, small_file_bytes), nullptr, false));
    text.resize(std::min(text.find('\n'), std::min(text.size(), most_message_bytes)));
    return clean_text(text);
  } catch (const Error&) {  // it cannot be read, or is larger than any record
    return "";
  }
}

std::optional<std::int64_t> error_time_ns(const std::string& path) {
  struct stat status = {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0 || status.st_size == 0) return std::nullopt;
  return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace tlaunch
