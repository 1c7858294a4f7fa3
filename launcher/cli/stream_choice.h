// The output streams of each rank, as torchrun writes them for --redirects and --tee: 0 none, 1 stdout, 2 stderr, 3
// both, for all ranks; or a list of local ranks, "0:3,1:1", and none for the others. Pure.
#pragma once

#include <map>
#include <string>

namespace tlaunch {

struct StreamChoice {
  int of_all = 0;
  std::map<int, int> by_rank;  // if it is not empty, ranks that are missing in it have no stream

  bool has_out(int local_rank) const { return (of(local_rank) & 1) != 0; }
  bool has_error(int local_rank) const { return (of(local_rank) & 2) != 0; }

 private:
  int of(int local_rank) const {
    if (by_rank.empty()) return of_all;
    const auto found = by_rank.find(local_rank);
    return found == by_rank.end() ? 0 : found->second;
  }
};

// Throws UsageError that names `option`.
StreamChoice parse_stream_choice(const std::string& option, const std::string& text);

}  // namespace tlaunch
