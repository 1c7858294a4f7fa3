#include "launcher/commands/doctor/doctor_line.h"

#include "launcher/cli/command_parse.h"

namespace tlaunch {

DoctorLine::DoctorLine() {
  app_.add_option("RUN_DIR", values_.run_dir, "A run's folder (default: the newest run below runs/)")
      ->transform(path_value())
      ->type_name("");
  app_.add_option("--output", values_.output, "The file to write (default: tlaunch-doctor-<time>.tar.gz here)")
      ->transform(path_value())
      ->type_name("FILE");
  app_.footer(
      "The archive holds the run's config and logs. It leaves out the values of environment variables and hides the\n"
      "values of keys with names such as PASSWORD or TOKEN. Read it before you send it.\n\n"
      "Example:\n  tlaunch doctor runs/fashion_mnist/latest");
}

Parsed<DoctorCommand> DoctorLine::parse_command(const std::vector<std::string>& arguments) {
  const std::string help = parse(app_, arguments, "tlaunch doctor");
  if (!help.empty()) return PrintCommand{help};
  return values_;
}

}  // namespace tlaunch
