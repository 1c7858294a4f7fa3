// Where a Python process is, from what faulthandler and py-spy wrote about real ones.
#include "processes/hang/python_stack.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

constexpr const char* by_faulthandler =
    "step 7\n"
    "Fatal Python error: Aborted\n"
    "\n"
    "Thread 0x00007f545020b6c0 (most recent call first):\n"
    "  File \"/usr/lib/python3.11/threading.py\", line 320 in wait\n"
    "  File \"/job/other.py\", line 3 in <lambda>\n"
    "\n"
    "Current thread 0x00007f54504c6040 (most recent call first):\n"
    "  File \"/usr/lib/python3.11/socket.py\", line 706 in readinto\n"
    "  File \"/job/a, line 5 in b.py\", line 12 in receive\n"
    "  File \"/job/train.py\", line 20 in <module>\n"
    "\n"
    "Extension modules: numpy.core._multiarray_umath (total: 1)\n";

constexpr const char* by_py_spy =
    "Process 9081: python /job/train.py\n"
    "Python v3.11.2 (/usr/bin/python3.11)\n"
    "\n"
    "Thread 9083 (idle): \"Thread-1 (<lambda>)\"\n"
    "    wait (/usr/lib/python3.11/threading.py:320)\n"
    "Thread 9081 (idle): \"MainThread\"\n"
    "    barrier (/venv/lib/python3.11/site-packages/torch/distributed/distributed_c10d.py:4818)\n"
    "    Trainer.main (/job/my train.py:20)\n"
    "    <module> (/job/my train.py:30)\n";

TEST(PythonPlace, IsTheMainThreadsInnermostCallAndTheUsersOwn) {
  EXPECT_EQ(python_place(by_faulthandler),
            "readinto (/usr/lib/python3.11/socket.py:706), called in receive (/job/a, line 5 in b.py:12)");
  EXPECT_EQ(python_place(by_py_spy),
            "barrier (/venv/lib/python3.11/site-packages/torch/distributed/distributed_c10d.py:4818), "
            "called in Trainer.main (/job/my train.py:20)");
}

TEST(PythonPlace, IsToldOnceWhereTheInnermostCallIsTheUsersOwn) {
  EXPECT_EQ(python_place("Current thread 0x00007f54504c6040 (most recent call first):\n"
                         "  File \"/job/train.py\", line 2 in nap\n"
                         "  File \"/job/train.py\", line 4 in main\n"),
            "nap (/job/train.py:2)");
}

TEST(PythonPlace, IsNothingWhereNoStackIsFound) {
  for (const std::string& text : {std::string(), std::string("Aborted\n"), std::string("  File \"x"),
                                  std::string("Current thread 0x1\n  File \"x\", line 3\n    (:)\n     ()\n    \n"),
                                  "Current thread 0x1\n" + std::string(1 << 20, 'x')})
    EXPECT_EQ(python_place(text), "") << text.substr(0, 60);
}

}  // namespace
}  // namespace tlaunch
