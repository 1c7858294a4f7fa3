// Hides secrets in a text that is sent to strangers. It cannot know every secret. Pure.
#pragma once

#include <map>
#include <string>

namespace tlaunch {

// Whether a variable or key of that name holds a secret: the name contains TOKEN, SECRET, PASSWORD, PASSPHRASE,
// CREDENTIAL, WEBHOOK or AUTHORIZATION, has a word that ends with PASS or AUTH, or ends with _KEY or _PAT.
bool names_secret(const std::string& name);

struct Hidden {
  std::map<std::string, std::string> values;  // of secret variables, by name; replaced by "[value of NAME]"
  std::string home;                           // replaced by "~"; "": unknown
};

// Replaces what `hidden` names. Hides also the value after a secret's name and : or = (password: x, --api-key=x,
// "token": "x"), a user's name and password in an address (https://user:pass@host), Bearer tokens, words that begin as
// known tokens do (ghp_, hf_, sk-, ...), and the command of on_end, which may hold any of these.
std::string redacted(const std::string& text, const Hidden& hidden);

}  // namespace tlaunch
