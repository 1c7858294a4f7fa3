#include "launcher/cli/completion.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "base/text.h"
#include "config/schema.h"

namespace tlaunch {
namespace {

// The choices in "auto|PATH" (auto) or "N|auto|cpu|gpu" (three): words in lower case are literal values.
std::vector<std::string> choices_in(const std::string& type_name) {
  std::vector<std::string> choices;
  // Behind a colon CLI11 lists the values that a check accepts.
  std::istringstream parts(type_name.substr(0, type_name.find(':')));
  for (std::string part; std::getline(parts, part, '|');) {
    const bool literal =
        !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (literal) choices.push_back(part);
  }
  return choices;
}

std::vector<std::string> names_of(const CompletionOption& option) {
  std::vector<std::string> names;
  for (const std::string& name : {option.short_name, option.long_name})
    if (!name.empty()) names.push_back(name);
  return names;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const SchemaKey& key : schema()) names.push_back(key.key + "=");
  return names;
}

// The first words of commands, or the verbs behind "checkpoints".
std::vector<std::string> words_below(const std::string& parent, const std::vector<CompletionCommand>& commands) {
  std::vector<std::string> words;
  for (const CompletionCommand& command : commands) {
    const bool below = parent.empty() ? !command.word.empty() && command.word.find(' ') == std::string::npos
                                      : command.word.starts_with(parent + " ");
    if (below) words.push_back(parent.empty() ? command.word : command.word.substr(parent.size() + 1));
  }
  return words;
}

// The options of all commands by name; a name has the same meaning in every command.
std::map<std::string, CompletionOption> value_options(const std::vector<CompletionCommand>& commands) {
  std::map<std::string, CompletionOption> options;
  for (const CompletionCommand& command : commands)
    for (const CompletionOption& option : command.options)
      if (option.takes_value)
        for (const std::string& name : names_of(option)) options.emplace(name, option);
  return options;
}

std::string bash_script(const std::vector<CompletionCommand>& commands) {
  std::ostringstream out;
  const auto words = words_below("", commands), verbs = words_below("checkpoints", commands);
  out << "_tlaunch() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" word=\"\" config=\"\" "
         "options=\"\" keys=\"\" i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"${COMP_WORDS[i]}\" in\n"
         "      --|-m|--module|*.[pP][yY]) return ;;  # what follows is the program's\n"
         "      *.[yY][aA][mM][lL]|*.[yY][mM][lL]) config=1 ;;\n"
         "      "
      << joined(words, "|") << ") word=\"${COMP_WORDS[i]}\" ;;\n      " << joined(verbs, "|")
      << ") if [[ $word == checkpoints ]]; then word=\"checkpoints ${COMP_WORDS[i]}\"; fi ;;\n"
         "    esac\n  done\n"
         "  case \"$prev\" in\n";
  for (const auto& [name, option] : value_options(commands)) {
    out << "    " << name << ") ";
    if (!option.choices.empty())
      out << "COMPREPLY=($(compgen -W \"" << joined(option.choices, " ") << "\" -- \"$cur\")); ";
    out << "return ;;\n";
  }
  out << "  esac\n  case \"$word\" in\n";
  for (const CompletionCommand& command : commands) {
    std::vector<std::string> names;
    for (const CompletionOption& option : command.options)
      for (const std::string& name : names_of(option)) names.push_back(name);
    out << "    \"" << command.word << "\") options=\"" << joined(names, " ") << "\""
        << (command.takes_keys ? "; keys=1" : "") << " ;;\n";
  }
  out << "  esac\n"
         "  if [[ $cur == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
         "  elif [[ $word == checkpoints ]]; then\n"
         "    COMPREPLY=($(compgen -W \""
      << joined(verbs, " ")
      << "\" -- \"$cur\"))\n"
         "  elif [[ -n $config && -n $keys ]]; then\n"
         "    compopt -o nospace 2>/dev/null\n"
         "    COMPREPLY=($(compgen -W \""
      << joined(key_names(), " ")
      << "\" -- \"$cur\"))\n"
         "  elif [[ -z $word ]]; then\n"
         "    COMPREPLY=($(compgen -W \""
      << joined(words, " ")
      << "\" -- \"$cur\"))\n"
         "    local IFS=$'\\n'\n"
         "    COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
         "  fi\n"
         "}\n"
         "complete -o default -o filenames -F _tlaunch tlaunch\n";
  return out.str();
}

std::string fish_quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return "'" + safe + "'";
}

std::string fish_script(const std::vector<CompletionCommand>& commands) {
  std::ostringstream out;
  const std::string words = joined(words_below("", commands), " "),
                    verbs = joined(words_below("checkpoints", commands), " ");
  out << "complete -c tlaunch -n " << fish_quoted("not __fish_seen_subcommand_from " + words) << " -a "
      << fish_quoted(words) << "\n"
      << "complete -c tlaunch -f -n "
      << fish_quoted("__fish_seen_subcommand_from checkpoints; and not __fish_seen_subcommand_from " + verbs) << " -a "
      << fish_quoted(verbs) << "\n";
  for (const CompletionCommand& command : commands) {
    const std::string last = command.word.substr(command.word.find(' ') + 1);
    const std::string when = command.word.empty() ? "not __fish_seen_subcommand_from " + words
                             : last == command.word
                                 ? "__fish_seen_subcommand_from " + command.word
                                 : "__fish_seen_subcommand_from checkpoints; and __fish_seen_subcommand_from " + last;
    for (const CompletionOption& option : command.options) {
      out << "complete -c tlaunch -n " << fish_quoted(when);
      if (!option.short_name.empty()) out << " -s " << option.short_name.substr(1);
      if (!option.long_name.empty()) out << " -l " << option.long_name.substr(2);
      if (option.takes_value) out << " -r";
      if (!option.choices.empty()) out << " -a " << fish_quoted(joined(option.choices, " "));
      out << " -d " << fish_quoted(option.help) << "\n";
    }
    if (!command.takes_keys) continue;
    out << "complete -c tlaunch -n "
        << fish_quoted(when + "; and string match -qr '\\.(?i)ya?ml' -- (commandline -opc)") << " -a "
        << fish_quoted(joined(key_names(), " ")) << "\n";
  }
  return out.str();
}

}  // namespace

std::vector<CompletionOption> options_of(const CLI::App& app) {
  std::vector<CompletionOption> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() && option->get_snames().empty()) continue;  // positional
    CompletionOption each;
    if (!option->get_snames().empty()) each.short_name = "-" + option->get_snames().front();
    if (!option->get_lnames().empty()) each.long_name = "--" + option->get_lnames().front();
    each.help = option->get_description();
    each.takes_value = option->get_items_expected_max() > 0;
    if (each.takes_value) each.choices = choices_in(option->get_type_name());
    options.push_back(std::move(each));
  }
  return options;
}

std::string completion_script(const std::string& shell, const std::vector<CompletionCommand>& commands) {
  if (shell == "fish") return fish_script(commands);
  if (shell == "zsh")
    return "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(commands);
  return bash_script(commands);
}

}  // namespace tlaunch
