// The data sets that come with tlaunch: each one's description and factory, for the registry.
#pragma once

#include "data/dataset.h"

namespace tlaunch {

DatasetDescription describe_fashion_mnist();
std::unique_ptr<Dataset> make_fashion_mnist(const DataConfig& data, const Options& model_options);

DatasetDescription describe_sessions();
std::unique_ptr<Dataset> make_sessions(const DataConfig& data, const Options& model_options);

DatasetDescription describe_dpkg();
std::unique_ptr<Dataset> make_dpkg(const DataConfig& data, const Options& model_options);

}  // namespace tlaunch
