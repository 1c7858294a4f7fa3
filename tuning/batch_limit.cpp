#include "tuning/batch_limit.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.h"

namespace tlaunch {
namespace {

struct Row {
  const char* name;
  double memory_gb;  // expected of the card; set lower than its name says, because cards report a little less
  std::int64_t keys;
  std::array<std::int64_t, 5> images;  // by column, see below
};

constexpr std::int64_t columns_px[] = {64, 96, 224, 384};  // the fifth column: larger

// GPU rows: 384 px and 512 px are the lower ends of the teams' ranges; the smaller sizes follow from 384 px by area,
// rounded down to a power of two. CPU row: 128 was measured (28 px, 2 ranks); the others follow from 64 px by area,
// to the nearest power of two, at least 4.
constexpr Row rows[] = {
    {"high_end", 22.0, 8192, {1024, 512, 64, 32, 16}},
    {"mid_range", 9.5, 4096, {512, 256, 32, 16, 8}},
    {"budget", 7.5, 2048, {256, 128, 16, 8, 4}},
    {"low_end", 0.0, 1024, {128, 64, 8, 4, 4}},
    {"cpu", 0.0, 512, {128, 64, 8, 4, 4}},
};

const Row& row_named(const std::string& name) {
  for (const Row& row : rows) {
    if (name == row.name) return row;
  }
  throw std::logic_error("no row in the batch table: " + name);
}

}  // namespace

std::string batch_table_row(const GpuInfo& gpu) {
  const double memory_gb = static_cast<double>(gpu.memory_total_bytes) / 1e9;
  const Row* row = &row_named(gpu.tier);
  while (memory_gb < row->memory_gb) ++row;  // low_end expects none
  return row->name;
}

BatchLimit batch_limit(const std::string& row_name, const std::string& sample_kind, std::int64_t image_side_px) {
  const Row& row = row_named(row_name);
  if (sample_kind == "keys") return {row.keys, "key windows"};
  if (sample_kind != "image") return {row.images[2], "samples of an unknown kind"};
  const auto column = std::lower_bound(std::begin(columns_px), std::end(columns_px), image_side_px);
  const std::int64_t limit = row.images[static_cast<std::size_t>(column - std::begin(columns_px))];
  if (column == std::end(columns_px)) return {limit, "images larger than 384 px"};
  return {limit, format_text("images of up to {} px", *column)};
}

}  // namespace tlaunch
