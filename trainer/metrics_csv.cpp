#include "trainer/metrics_csv.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "core/atomic_file.h"
#include "trainer/append_file.h"

namespace tlaunch {
namespace {

constexpr std::size_t limit_bytes = std::size_t{1} << 30;  // a day at a row each 10 ms

std::string header_of(const std::vector<std::string>& columns) {
  if (columns.empty() || columns.front() != "step")
    throw std::invalid_argument("metrics.csv: the first column must be step");
  std::string line;
  for (const std::string& column : columns) {
    if (column.empty() || column.find_first_of(",\"\r\n") != std::string::npos)
      throw std::invalid_argument("metrics.csv: a column cannot be named '" + column + "'");
    line += (line.empty() ? "" : ",") + column;
  }
  return line + '\n';
}

std::string number_text(double value) {
  // Steps and counts as integers: the shortest text of a million would be 1e+06.
  constexpr double exact = 9007199254740992;  // 2^53
  std::array<char, 32> text{};
  const bool whole = !std::signbit(value) && value < exact && value == std::trunc(value);
  const auto end = whole ? std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(value)).ptr
                         : std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

// What is kept of a former file: its header and the rows up to `resume_step`.
std::string kept(const std::string& path, const std::string& former, const std::string& header,
                 std::int64_t resume_step) {
  if (!former.starts_with(header))
    throw DataError(path + ":1: the columns are others than this run's (" + header.substr(0, header.size() - 1) +
                    "); move the file away to go on");
  std::string text = header;
  std::size_t begin = header.size();
  for (std::int64_t number = 2; begin < former.size(); ++number) {
    const std::size_t end = former.find('\n', begin);
    if (end == std::string::npos) break;  // cut short by a crash
    std::int64_t step = 0;
    const auto [after, error] = std::from_chars(former.data() + begin, former.data() + end, step);
    if (error != std::errc() || (after != former.data() + end && *after != ','))
      throw DataError(path + ":" + std::to_string(number) +
                      ": this line does not begin with a step; move the file away to go on");
    if (step <= resume_step) text.append(former, begin, end + 1 - begin);
    begin = end + 1;
  }
  return text;
}

}  // namespace

MetricsCsv::MetricsCsv(const std::string& path, std::vector<std::string> columns, std::int64_t resume_step)
    : columns_(std::move(columns)) {
  const std::string header = header_of(columns_);
  struct stat there {};
  const std::string former = ::stat(path.c_str(), &there) == 0 ? read_file(path, limit_bytes) : "";
  const std::string start = former.empty() ? header : kept(path, former, header, resume_step);
  if (start != former) write_file_atomically(path, start);
  file_ = std::make_unique<AppendFile>(path, 0);
}

MetricsCsv::~MetricsCsv() = default;

void MetricsCsv::row(const std::map<std::string, double>& values) {
  if (!values.contains("step")) throw std::invalid_argument("metrics.csv: a row without a step");
  for (const auto& [name, value] : values)
    if (std::find(columns_.begin(), columns_.end(), name) == columns_.end())
      throw std::invalid_argument("metrics.csv: no column '" + name + "'");
  std::string line;
  for (const std::string& column : columns_) {
    if (!line.empty()) line += ',';
    if (const auto value = values.find(column); value != values.end()) line += number_text(value->second);
  }
  file_->append(line + '\n');
}

}  // namespace tlaunch
