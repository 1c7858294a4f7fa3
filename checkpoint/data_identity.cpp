#include "checkpoint/data_identity.h"

#include "base/text.h"

namespace tlaunch {
namespace {

std::string part_text(std::int64_t samples, const std::string& sum) {
  const std::string count = samples > 0 ? format_text("{} samples", samples) : "samples";
  return sum.empty() ? count : format_text("{} with checksum {}", count, sum);
}

std::string part_difference(const char* part, std::int64_t saved, const std::string& saved_sum, std::int64_t now,
                            const std::string& now_sum) {
  const bool other_number = saved > 0 && now > 0 && saved != now;
  const bool other_content = !saved_sum.empty() && !now_sum.empty() && saved_sum != now_sum;
  if (!other_number && !other_content) return "";
  return format_text("the {} data differ: {} in the checkpoint, {} now", part, part_text(saved, saved_sum),
                     part_text(now, now_sum));
}

}  // namespace

Json to_json(const DataIdentity& data) {
  return {{"train_samples", data.train_samples},
          {"val_samples", data.val_samples},
          {"train", data.train},
          {"evaluation", data.evaluation}};
}

DataIdentity data_identity_from_json(const Json& json) {
  const auto number = [&](const char* key) -> std::int64_t {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  const auto text = [&](const char* key) -> std::string {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (!json.is_object()) return {};
  return {number("train_samples"), number("val_samples"), text("train"), text("evaluation")};
}

std::string data_difference(const DataIdentity& saved, const DataIdentity& now) {
  const std::string train = part_difference("training", saved.train_samples, saved.train, now.train_samples, now.train);
  return train.empty()
             ? part_difference("evaluation", saved.val_samples, saved.evaluation, now.val_samples, now.evaluation)
             : train;
}

}  // namespace tlaunch
