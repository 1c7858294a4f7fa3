#include "config/synonyms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "config/schema.h"

namespace tlaunch {
namespace {

std::vector<std::string> known() {
  std::vector<std::string> keys{"extends"};
  for (const SchemaKey& key : schema()) keys.push_back(key.key);
  return keys;
}

TEST(Synonyms, EveryTargetIsAKeyAndNoSynonymIsOne) {
  const auto keys = known();
  const auto is_key = [&](const std::string& key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  std::set<std::string> seen;
  for (const auto& [synonym, target] : key_synonyms()) {
    EXPECT_TRUE(is_key(target)) << synonym << " -> " << target;
    EXPECT_TRUE(seen.insert(synonym).second) << synonym << " stands twice";
    for (const std::string& key : keys)
      EXPECT_NE(last_part(key), synonym) << "never looked up: " << key << " is nearer";
  }
  const auto& sections = schema_sections();
  for (const auto& [synonym, target] : section_synonyms()) {
    EXPECT_NE(std::find(sections.begin(), sections.end(), target), sections.end()) << synonym;
    EXPECT_EQ(std::find(sections.begin(), sections.end(), synonym), sections.end()) << synonym;
  }
}

TEST(Synonyms, TeamNamesLeadToOurs) {
  const std::pair<const char*, const char*> expected[] = {
      {"data.batch_size", "train.batch_size"},
      {"data.gradient_accumulation", "train.gradient_accumulation_steps"},
      {"gpu.gradient_accumulation", "train.gradient_accumulation_steps"},
      {"gpu.gradient_accumulation_steps", "train.gradient_accumulation_steps"},
      {"training.epochs", "train.epochs"},
      {"training.lr", "train.learning_rate"},
      {"training.batch_size", "train.batch_size"},
      {"trainer.max_epochs", "train.epochs"},
      {"trainer.accumulate_grad_batches", "train.gradient_accumulation_steps"},
      {"optimizer.lr", "train.learning_rate"},
      {"optimizer.weight_decay", "train.weight_decay"},
      {"save_interval", "checkpoint.every_n_steps"},
      {"log.save_interval", "checkpoint.every_n_steps"},
      {"log_every_n_steps", "log.log_interval"},
      {"precision", "gpu.mixed_precision"},
      {"amp", "gpu.mixed_precision"},
      {"fp16", "gpu.mixed_precision"},
      {"num_epochs", "train.epochs"},
      {"batch", "train.batch_size"},
      {"data.workers", "data.num_workers"},
      {"num_gpus", "launch.nproc"},
      {"nproc", "launch.nproc"},
      {"dataloader.num_workers", "data.num_workers"},
      {"<<", "extends"},
  };
  for (const auto& [key, ours] : expected)
    EXPECT_EQ(hint_for_unknown_key(key, known()), std::string("did you mean ") + ours + "?") << key;
}

TEST(Synonyms, MistypedKeysLeadToTheNearest) {
  const std::pair<const char*, const char*> expected[] = {
      {"train.epcohs", "train.epochs"},
      {"trian.epochs", "train.epochs"},
      {"trian.epcohs", "train.epochs"},
      {"train.effective_batchsize", "train.effective_batch_size"},
      {"gpu.chanels_last", "gpu.channels_last"},
      {"sed", "seed"},
      {"epochs", "train.epochs"},
      {"gpu.learning_rte", "train.learning_rate"},
      {"every_n_epochs", "eval.every_n_epochs or checkpoint.every_n_epochs"},
  };
  for (const auto& [key, ours] : expected)
    EXPECT_EQ(hint_for_unknown_key(key, known()), std::string("did you mean ") + ours + "?") << key;
}

TEST(Synonyms, NothingNearGivesNoHint) {
  for (const char* key : {"xyzzy", "train.xyzzy", "launch.max_rewinds", "model.foo", "train.stem"})
    EXPECT_EQ(hint_for_unknown_key(key, known()), "") << key;
}

}  // namespace
}  // namespace tlaunch
