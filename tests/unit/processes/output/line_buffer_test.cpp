#include "processes/output/line_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tlaunch {
namespace {

using Pieces = std::vector<std::pair<std::string, std::string>>;

Pieces cut(const std::vector<std::string>& chunks, std::size_t limit = 1 << 20) {
  Pieces pieces;
  LineBuffer lines(limit);
  const auto sink = [&](std::string_view text, std::string_view ending) { pieces.emplace_back(text, ending); };
  for (const auto& chunk : chunks) lines.feed(chunk, sink);
  lines.finish(sink);
  return pieces;
}

TEST(LineBuffer, CutsAtNewlinesWhereverTheBytesWereSplit) {
  const Pieces expected{{"one", "\n"}, {"", "\n"}, {"two", "\n"}};
  EXPECT_EQ(cut({"one\n\ntwo\n"}), expected);
  EXPECT_EQ(cut({"o", "ne", "\n", "\nt", "wo\n"}), expected);
}

TEST(LineBuffer, GivesALastLineWithoutNewline) { EXPECT_EQ(cut({"a\nlast"}), (Pieces{{"a", "\n"}, {"last", ""}})); }

TEST(LineBuffer, TellsProgressBarsFromWindowsLineEnds) {
  EXPECT_EQ(cut({"10%\r20%\r30%\n"}), (Pieces{{"10%", "\r"}, {"20%", "\r"}, {"30%", "\n"}}));
  EXPECT_EQ(cut({"text\r", "\n", "more\r"}), (Pieces{{"text", "\r\n"}, {"more", "\r"}}));
}

TEST(LineBuffer, TellsWhereTheCursorGoesUpFromColours) {
  const Pieces expected{
      {"outer", "\n"}, {"", "\r"}, {"\x1b[32minner\x1b[0m", "\x1b[A"}, {"", "\x1b[12A"}, {"\x1b[", ""}};
  EXPECT_EQ(cut({"outer\n\r\x1b[32minner\x1b[0m\x1b[A\x1b[12A\x1b["}), expected);
  EXPECT_EQ(cut({"outer\n\r\x1b", "[32minner\x1b[0", "m\x1b", "[", "A\x1b[1", "2", "A\x1b", "["}), expected);
  EXPECT_EQ(rows_up("\x1b[A"), 1);
  EXPECT_EQ(rows_up("\x1b[12A"), 12);
  EXPECT_EQ(rows_up("\r\n"), 0);
  EXPECT_EQ(rows_up(""), 0);
}

TEST(LineBuffer, CutsALineAtTheLimit) {
  EXPECT_EQ(cut({"abc", "def", "gh\n"}, 4), (Pieces{{"abcd", ""}, {"efgh", "\n"}}));
}

TEST(LineBuffer, LosesNoByteOfRandomStreams) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    std::vector<std::string> chunks;
    for (int i = 0; i < 20; ++i) {
      std::string chunk;
      for (unsigned n = random() % 12; n > 0; --n) chunk += "ab\n\r\0x\x1b[1A"[random() % 10];
      stream += chunk;
      chunks.push_back(chunk);
    }
    std::string joined;
    for (const auto& [text, ending] : cut(chunks, 1 + random() % 20)) {
      EXPECT_EQ(text.find('\n'), std::string::npos);
      joined += text + ending;
    }
    ASSERT_EQ(joined, stream);
  }
}

}  // namespace
}  // namespace tlaunch
