#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "data/dataset.h"

namespace tlaunch {
namespace {

std::vector<std::string> registered() {
  std::vector<std::string> names;
  for (const auto& description : dataset_descriptions()) names.push_back(description.name);
  return names;
}

std::unique_ptr<Dataset> make_nothing(const DataConfig&, const Options&) { return nullptr; }

TEST(DatasetRegistry, HasTheBuiltInDataSetsFromTheStart) {
  EXPECT_THAT(registered(), ::testing::IsSupersetOf({"fashion_mnist", "sessions", "dpkg"}));
}

TEST(DatasetRegistry, TakesAUsersDataSetAndRefusesASecondOfTheName) {
  DatasetDescription description;
  description.name = "my_data";
  register_dataset(description, make_nothing);
  EXPECT_THAT(registered(), ::testing::Contains("my_data"));
  EXPECT_THROW(register_dataset(description, make_nothing), std::logic_error);
  description.name = "dpkg";
  EXPECT_THROW(register_dataset(description, make_nothing), std::logic_error);
}

TEST(DatasetRegistry, EachDataSetKeepsToItsOwnDescription) {
  for (const auto& description : dataset_descriptions()) {
    if (description.name == "my_data") continue;
    EXPECT_THAT(description.sample_kind, ::testing::AnyOf("image", "keys")) << description.name;
    EXPECT_FALSE(description.summary.empty()) << description.name;
    for (const auto& option : description.options)
      EXPECT_FALSE(option.meaning.empty()) << description.name << "." << option.key;
  }
}

}  // namespace
}  // namespace tlaunch
