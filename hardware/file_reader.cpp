#include "hardware/file_reader.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace tlaunch {

FileReader system_files() {
  return [](const std::string& path) -> std::optional<std::string> {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();  // a folder can be opened but not read: operator<< catches that exception and sets badbit
    if (text.bad()) return std::nullopt;
    return text.str();
  };
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

}  // namespace tlaunch
