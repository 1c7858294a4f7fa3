// Another LibTorch than the worker's own on the way of the dynamic loader, and weights that are not the model's.
#include <gmock/gmock.h>

#include <cstdlib>

#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/torch_file.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name), old_(variable(name, "")) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { old_.empty() ? ::unsetenv(name_) : ::setenv(name_, old_.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string old_;
};

class Weights : public testing::Test {
 protected:
  Weights() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 8, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 2, effective_batch_size: 32}\n"
          "tune: {enabled: false}\n");
  }
  Outcome train(const std::string& tag, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"--nproc", "1", "--run-dir", scratch_ / tag, scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  std::string trained(const std::string& tag) const {
    return list_checkpoints(scratch_ / tag / "checkpoints").at(0).path;
  }
  TempDir scratch_;
};

const std::string decoy_folder = TLAUNCH_DECOY_FOLDER, decoy = decoy_folder + "/libtorch_cpu.so";

TEST_F(Weights, AnotherLibTorchInLdLibraryPathIsNotTaken) {
  ASSERT_TRUE(fs::exists(decoy));
  for (const char* name : {"libtorch.so", "libc10.so", "libtorch_cuda.so", "libc10_cuda.so"})
    write(scratch_ / "lib" / name, "no library at all");
  fs::copy_file(decoy, scratch_ / "lib" / "libtorch_cpu.so");
  const Variable path("LD_LIBRARY_PATH", scratch_ / "lib");
  const Variable cache("XDG_CACHE_HOME", scratch_ / "cache");  // the worker is asked anew
  const auto outcome = train("run");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(Weights, AnotherLibTorchThatIsTakenAllTheSameIsNamed) {
  const Variable cache("XDG_CACHE_HOME", scratch_ / "cache");
  const auto preloaded = [&](const std::string& tag) {
    const Variable preload("LD_PRELOAD", decoy);
    return train(tag);
  };
  const auto named = AllOf(HasSubstr("LibTorch was loaded from " + decoy), HasSubstr("LD_PRELOAD=" + decoy),
                           HasSubstr("undefined symbol"));
  const auto asked = preloaded("asked");
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, AllOf(HasSubstr("the dynamic loader cannot start the worker"), named));
  ASSERT_EQ(train("plain").code, 0);  // which keeps what the worker said of itself
  const auto started = preloaded("started");
  EXPECT_EQ(started.code, 127);
  EXPECT_THAT(started.err, AllOf(HasSubstr("root cause"), named));
}

TEST_F(Weights, AnotherLibraryOfLdLibraryPathIsNamedInsteadOfLibTorch) {
  const Variable cache("XDG_CACHE_HOME", scratch_ / "cache");
  ASSERT_EQ(train("plain").code, 0);
  write(scratch_ / "lib" / "librt.so.1", "no library at all");  // which tlaunch itself does not need
  const Variable path("LD_LIBRARY_PATH", scratch_ / "lib");
  const auto started = train("started");
  EXPECT_NE(started.code, 0);
  EXPECT_THAT(started.err, AllOf(HasSubstr("the dynamic loader said: error while loading shared libraries: "),
                                 HasSubstr("LD_LIBRARY_PATH=" + (scratch_ / "lib").string() + " made it load " +
                                           (scratch_ / "lib/librt.so.1").string() + ": unset LD_LIBRARY_PATH"),
                                 testing::Not(HasSubstr("LibTorch was loaded"))));
}

TEST_F(Weights, OfAWrapperAreTakenAsTheyAre) {
  ASSERT_EQ(train("run").code, 0);
  const SafetensorsFile file(trained("run"));
  std::vector<TensorView> wrapped, bare;
  for (TensorView tensor : file.tensors()) {
    if (tensor.name.starts_with(reserved_prefix)) continue;
    bare.push_back(tensor);
    tensor.name = "module." + tensor.name;
    wrapped.push_back(std::move(tensor));
  }
  write_safetensors(scratch_ / "wrapped.safetensors", wrapped, {});
  write_safetensors(scratch_ / "bare.safetensors", bare, {});
  const auto evaluated = [&](const std::string& name) {
    return run_tlaunch({"evaluate", scratch_ / "lstm.yaml", "--nproc", "1", "--checkpoint", scratch_ / name});
  };
  const auto outcome = evaluated("wrapped.safetensors");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, evaluated("bare.safetensors").out);
}

TEST_F(Weights, OfAnotherModelAreRefusedInTenLinesWithTheCure) {
  ASSERT_EQ(train("run").code, 0);
  const auto outcome = train("other", {"model.hidden_size=16", "model.weights=" + trained("run")});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("its weights do not fit this model"), HasSubstr("of another shape or dtype"),
                                 HasSubstr("model.name")));
}

TEST_F(Weights, AFileOfTorchSaveIsToldToBeImported) {
  ASSERT_EQ(train("run").code, 0);
  const SafetensorsFile file(trained("run"));
  const std::string saved = scratch_ / "saved.safetensors";  // whatever its name says
  write_torch(saved, file.tensors());
  const auto cure = HasSubstr("tlaunch checkpoints import " + saved);
  const auto started = train("started", {"model.weights=" + saved});
  EXPECT_EQ(started.code, 65);
  EXPECT_THAT(started.err, cure);
  const auto resumed = train("resumed", {"--resume", saved});
  EXPECT_EQ(resumed.code, 65);
  EXPECT_THAT(resumed.err, cure);
  const auto evaluated = run_tlaunch({"evaluate", scratch_ / "lstm.yaml", "--nproc", "1", "--checkpoint", saved});
  EXPECT_EQ(evaluated.code, 65);
  EXPECT_THAT(evaluated.err, cure);
}

}  // namespace
}  // namespace tlaunch::test
