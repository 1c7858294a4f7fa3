#include "worker/tensorboard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <span>
#include <utility>

#include "base/crc32c.h"

namespace tlaunch {
namespace {

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

// Protobuf: a field is (number << 3 | wire type), then its value.
std::string varint(std::uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7f) | 0x80);
  return text + static_cast<char>(value);
}
std::string varint_field(int number, std::uint64_t value) { return varint(number << 3 | 0) + varint(value); }
std::string double_field(int number, double value) {
  return varint(number << 3 | 1) + little_endian(std::bit_cast<std::uint64_t>(value), 8);
}
std::string float_field(int number, float value) {
  return varint(number << 3 | 5) + little_endian(std::bit_cast<std::uint32_t>(value), 4);
}
std::string bytes_field(int number, const std::string& value) {
  return varint(number << 3 | 2) + varint(value.size()) + value;
}

// tensorflow.Event {wall_time = 1; step = 2; file_version = 3; summary = 5; session_log = 7}
std::string event(std::int64_t step, const std::string& content) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return double_field(1, now.count()) + varint_field(2, static_cast<std::uint64_t>(step)) + content;
}

std::string masked_crc(const std::string& bytes) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(bytes)));
  return little_endian(std::rotr(crc, 15) + 0xa282ead8u, 4);
}

std::string record(const std::string& bytes) {
  const std::string length = little_endian(bytes.size(), 8);
  return length + masked_crc(length) + bytes + masked_crc(bytes);
}

std::string new_file_name(const std::string& dir) {
  ::mkdir(dir.c_str(), 0777);  // if that fails, so does opening the file, which is reported
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') host = {"host"};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string path = dir + "/events.out.tfevents." +
                           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()) + '.' +
                           host.data() + '.' + std::to_string(::getpid());
  std::string name = path;
  struct stat there = {};
  for (int copy = 1; ::lstat(name.c_str(), &there) == 0; ++copy) name = path + '.' + std::to_string(copy);
  return name;  // two writers of one process within the same second get different names
}

// The file's version, and SessionLog {status = 1: START = 1}: readers drop earlier events of this step and later steps.
std::string head_of_file(std::int64_t resume_step) {
  return record(event(0, bytes_field(3, "brain.Event:2"))) +
         record(event(resume_step + 1, bytes_field(7, varint_field(1, 1))));
}

}  // namespace

TensorboardWriter::TensorboardWriter(const std::string& dir, std::int64_t resume_step, PatientFile::Tell tell)
    : file_(new_file_name(dir), {.head = head_of_file(resume_step), .lines = false}, std::move(tell)) {}

void TensorboardWriter::scalar(const std::string& tag, std::int64_t step, double value) {
  // Summary {value = 1: Value {tag = 1; simple_value = 2}}
  const std::string summary = bytes_field(1, bytes_field(1, tag) + float_field(2, static_cast<float>(value)));
  file_.append(record(event(step, bytes_field(5, summary))));
}

}  // namespace tlaunch
