// Passes on what the ranks of a group write: from their pipes to our own stdout and stderr, and to their logs
// (log_tee.h). If the terminal does not take output yet, its writers wait; output is not stored here. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "processes/group/poll_set.h"
#include "processes/group/supervise.h"
#include "processes/guard/spawn.h"
#include "processes/output/log_tee.h"
#include "processes/output/screen.h"

namespace tlaunch {

class GroupOutput {
 public:
  // Both must outlive the object.
  GroupOutput(const GroupSpec& spec, const GroupCallbacks& callbacks);

  // Gives the next rank its pipes and its log. Throws IoError.
  void add_rank(SpawnRequest& request);

  std::vector<int> pipes() const;  // our ends of them

  // Makes `polls` wait for what the ranks write, and for the readers of our own streams. Call it after all add_rank().
  void add_to(PollSet& polls);
  void add_readers_to(PollSet& polls);
  // In each turn, before output of the ranks is read: writes what our readers take, and draws what is due.
  void settle();
  void read_to_the_end();  // when the ranks are gone

  void show_only_in_logs();                   // from now on, if there are logs
  void leave_terminal();                      // before another program writes to it: removes the rows of progress bars
  std::optional<double> next_draw_s() const;  // when settle() must be called even if nothing came (base/clock.h)

  // For our own streams, when the ranks are gone: output that waits for their readers.
  bool pending() const { return out_.pending() || error_.pending(); }
  void flush();

  void say(const std::string& text);  // a message of tlaunch
  std::vector<std::string> last_lines(int rank) const { return tees_[static_cast<std::size_t>(rank)]->last_lines(); }
  bool reader_gone() const { return out_.reader_gone() || error_.reader_gone(); }
  int error() const { return out_.reader_gone() ? 0 : out_.error(); }  // errno of a failed write to stdout; 0: none
  std::vector<std::string> incomplete_logs() const;                    // paths of logs that lack output

 private:
  // One output stream of one rank.
  struct Source {
    std::size_t rank;
    Stream stream;
    Descriptor pipe;  // empty after its end
  };

  Screen& console_of(std::size_t rank, Stream stream);
  bool waits_for_reader(const Source& source);
  void read(Source& source, int most_rounds);
  void heed_lost_output();

  const GroupSpec& spec_;
  const GroupCallbacks& callbacks_;
  Screen out_, error_, nowhere_{-1, false};
  Screen& shown_error_;                        // out_ if both are one terminal, so that its rows have one owner
  std::vector<std::unique_ptr<LogTee>> tees_;  // by rank
  std::vector<Source> sources_;
  bool told_lost_output_ = false;
};

}  // namespace tlaunch
