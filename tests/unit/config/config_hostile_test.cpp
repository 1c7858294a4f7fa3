// Files that are not configs: always a UsageError, never a crash, and without delay.
#include <ctime>

#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

class HostileConfig : public test::ConfigTest {
 protected:
  // The message. Fails if there is none or if it took longer than a user would wait.
  std::string refused(const std::string& text) {
    const auto from = source(text);
    const std::clock_t start = std::clock();
    const std::string message = errors_of(from);
    const double cpu_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_NE(message, "");
    EXPECT_LT(message.size(), 100'000u);
    EXPECT_LT(cpu_s, 1.0);  // at most 0.1 s without sanitizers
    return message;
  }
  static std::string repeat(const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
  }
};

TEST_F(HostileConfig, NothingAtAll) {
  EXPECT_EQ(refused(""), "c.yaml:1:1: the file is empty; expected keys such as model: {name: ...}");
  refused("# only a comment\n");
  refused("---\n...\n");
  refused("~\n");
}

TEST_F(HostileConfig, AScalarOrAListAsRoot) {
  EXPECT_EQ(refused("just text\n"), "c.yaml:1:1: not a map of keys; expected keys such as model: {name: ...}");
  EXPECT_EQ(refused("\n- a\n- b\n"), "c.yaml:2:1: not a map of keys; expected keys such as model: {name: ...}");
}

TEST_F(HostileConfig, NoYaml) {
  EXPECT_EQ(refused("a: [1, 2\nb: 3\n").substr(0, 9), "c.yaml:2:");
  refused("a: b: c\n");
  refused("\tx: 1\n");
  refused("a: \"unclosed\n");
  refused("a: *nowhere\n");
  refused("%YAML 9.9\n---\na: 1\n");
  refused("? [a, b]\n: 1\n");
  refused("{[1]: 2}\n");
  refused(": 3\n");
  refused("\"\": 3\n");
  refused("{a, b}\n");
  refused("<<: {a: 1}\n");
}

TEST_F(HostileConfig, TwoDocuments) {
  EXPECT_EQ(refused(image + "---\nseed: 1\n"), "c.yaml:3:1: a second document begins here; expected only one");
}

TEST_F(HostileConfig, DeepNesting) {
  EXPECT_NE(refused(repeat("[", 10'000)).find("nested deeper than 64 levels"), std::string::npos);
  refused(repeat("[", 10'000) + repeat("]", 10'000));
  refused(repeat("{a: ", 10'000) + "1" + repeat("}", 10'000));
  refused(repeat("- ", 10'000) + "1\n");
  std::string blocks;
  for (int i = 0; i < 1'000; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  refused(blocks);
  refused("a: " + repeat("? ", 10'000));
  refused(repeat("[", 1'000'000));
  refused(repeat("{", 1'000'000));
  refused(repeat("&a ", 100'000));
  refused(repeat("!a ", 100'000));
}

TEST_F(HostileConfig, ExplodingAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string name = "a" + std::to_string(i), alias = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [" + repeat(alias + ", ", 8) + alias + "]\n";
  }
  EXPECT_NE(refused(text).find("too large"), std::string::npos);
  EXPECT_NE(refused("a: &a {b: *a}\n").find("within its own anchor"), std::string::npos);
}

TEST_F(HostileConfig, MapsThatSpreadThroughAliases) {
  std::string text = "m0: &m0 {a: 1, b: 1, c: 1}\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*m" + std::to_string(i - 1);
    text += "m" + std::to_string(i) + ": &m" + std::to_string(i) + " {a: " + before + ", b: " + before + "}\n";
  }
  refused(text);
}

TEST_F(HostileConfig, ManyKeys) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  refused(text);
  text.clear();
  for (int i = 0; i < 4'900; ++i) text += "train_epochs" + std::to_string(i) + ": 1\n";
  EXPECT_NE(refused(text).find("... and 480"), std::string::npos);
}

TEST_F(HostileConfig, LongKeysAndValues) {
  EXPECT_LT(refused(std::string(900'000, 'k') + ": 1\n").size(), 2'000u);
  EXPECT_LT(refused(image + "seed: " + std::string(900'000, '1') + "\n").size(), 2'000u);
  refused(image + "extends: " + std::string(100'000, 'e') + "\n");
  refused(image + "extends: \"a\\0b\"\n");
  refused("name: \"a\\0b\"\n" + image);
  refused("name: \"a\\nb\"\n" + image);
}

TEST_F(HostileConfig, NoText) {
  EXPECT_EQ(refused(std::string("seed: 1\na\0b", 11)), "c.yaml:2:2: not a text file: it contains control characters");
  refused(
      std::string("\x7f"
                  "ELF\x02\x01\x01\0\0\0",
                  10));
  refused("\xFF\xFEm\0:\0");
  std::string garbage;
  std::uint64_t state = 1;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    garbage += static_cast<char>(state >> 56);
  }
  refused(garbage);
  for (char& c : garbage) c = static_cast<char>(' ' + (static_cast<unsigned char>(c) % 95));
  refused(garbage);
  for (char& c : garbage) c = "[]{}:,-?&*!|>'\"%@` \n#a"[static_cast<unsigned char>(c) % 23];
  refused(garbage);
}

TEST_F(HostileConfig, TooLargeOrNoFile) {
  const std::string message = refused(std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(message, "c.yaml: larger than the limit of 1048576 bytes");
  EXPECT_EQ(errors_of({folder.path(), {}, {}}), folder.path().string() + ": is a folder; expected a file");
  EXPECT_NE(errors_of({"", {}, {}}), "");
  EXPECT_NE(errors_of({std::string("a\0b", 3), {}, {}}), "");
  EXPECT_NE(errors_of({"/dev/zero", {}, {}}), "");
}

TEST_F(HostileConfig, AHundredMegabytesAreNotEvenRead) {
  const std::string path = write("big.yaml", "a: 1\n");
  std::filesystem::resize_file(path, 100'000'000);
  EXPECT_EQ(errors_of({path, {}, {}}), "big.yaml: larger than the limit of 1048576 bytes");
}

TEST_F(HostileConfig, Overrides) {
  const auto only = [&](const std::string& text) { return errors(image, {text}); };
  for (const std::string& text :
       {std::string(), std::string("="), std::string("=3"), std::string("a"), std::string("seed=[1"),
        std::string("seed={a: 1}"), std::string("seed='"), std::string("seed=\"\\x\""), std::string("a.b.c.d=1"),
        std::string(".=1"), std::string("train.=1"), std::string("seed=\0", 6), std::string(1'000'000, 'x'),
        std::string(1'000'000, 'x') + "=1", "seed=" + std::string(500'000, '['), "seed=" + std::string(500'000, '9')}) {
    const std::string message = only(text);
    EXPECT_NE(message, "") << text.substr(0, 50);
    EXPECT_LT(message.size(), 2'000u);
  }
}

}  // namespace
}  // namespace tlaunch
