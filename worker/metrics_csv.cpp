#include "worker/metrics_csv.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

constexpr std::size_t limit_bytes = std::size_t{1} << 30;  // about a day with one row each 10 ms

std::string header_of(const std::vector<std::string>& columns) {
  if (columns.empty() || columns.front() != "step")
    throw std::invalid_argument("metrics.csv: the first column must be step");
  std::string line;
  for (const std::string& column : columns) {
    if (column.empty() || column.find_first_of(",\"\r\n") != std::string::npos)
      throw std::invalid_argument("metrics.csv: a column cannot have the name " + quoted(column));
    line += (line.empty() ? "" : ",") + column;
  }
  return line + '\n';
}

std::string number_text(double value) {
  // Steps and counts are written as integers: the shortest text of a million would be 1e+06.
  constexpr double exact = 9007199254740992;  // 2^53
  std::array<char, 32> text{};
  const bool whole = !std::signbit(value) && value < exact && value == std::trunc(value);
  const auto end = whole ? std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(value)).ptr
                         : std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

struct Kept {
  std::string text;        // header and rows up to the step that is resumed from
  bool understood = true;  // all lines have the format, except a last one that a crash cut short
};

Kept kept(const std::string& former, const std::string& header, std::int64_t resume_step) {
  if (!former.starts_with(header)) return {header, former.empty()};
  Kept kept{header};
  for (std::size_t begin = header.size(), end; (end = former.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::int64_t step = 0;
    const auto [after, error] = std::from_chars(former.data() + begin, former.data() + end, step);
    const bool is_row = error == std::errc() && (after == former.data() + end || *after == ',');
    kept.understood = kept.understood && is_row;
    if (is_row && step <= resume_step) kept.text.append(former, begin, end + 1 - begin);
  }
  return kept;
}

std::string set_aside(const std::string& path) {
  struct stat there = {};
  std::string name = path + ".old";
  for (int number = 1; ::lstat(name.c_str(), &there) == 0; ++number) name = path + ".old." + std::to_string(number);
  if (std::rename(path.c_str(), name.c_str()) != 0)
    throw IoError(format_text("cannot move {} to {}: {}", path, name, std::generic_category().message(errno)));
  return name;
}

// Prepares the file for this run's rows and returns its path: `path`, or a new file beside it.
std::string prepared(const std::string& path, const std::string& header, std::int64_t resume_step,
                     const PatientFile::Tell& tell) {
  struct stat there = {};
  if (::stat(path.c_str(), &there) != 0) return path;
  try {
    const std::string former = read_file(path, limit_bytes);
    const Kept rest = kept(former, header, resume_step);
    if (!rest.understood)
      tell(
          format_text("{} is not a metrics.csv of this run (other columns, or a damaged line); "
                      "it was moved to {}, and a new one was started",
                      path, set_aside(path)));
    if (rest.text != former || !rest.understood) write_file_atomically(path, rest.text);
  } catch (const Error& error) {  // cannot be read or replaced now; rows of two runs must not mix
    tell(format_text("{}; the rows of this run go to {}.new", error.what(), path));
    return prepared(path + ".new", header, resume_step, tell);
  }
  return path;
}

}  // namespace

MetricsCsv::MetricsCsv(const std::string& path, std::vector<std::string> columns, std::int64_t resume_step,
                       PatientFile::Tell tell)
    : columns_(std::move(columns)),
      file_(prepared(path, header_of(columns_), resume_step, tell), {.head = header_of(columns_)}, tell) {}

void MetricsCsv::row(const std::map<std::string, double>& values) {
  if (!values.contains("step")) throw std::invalid_argument("metrics.csv: a row without a step");
  for (const auto& [name, value] : values)
    if (std::find(columns_.begin(), columns_.end(), name) == columns_.end())
      throw std::invalid_argument("metrics.csv: no column " + quoted(name));
  std::string line;
  for (const std::string& column : columns_) {
    if (!line.empty()) line += ',';
    if (const auto value = values.find(column); value != values.end()) line += number_text(value->second);
  }
  file_.append(line + '\n');
}

}  // namespace tlaunch
