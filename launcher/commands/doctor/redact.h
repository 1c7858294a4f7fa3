// Takes out of a text what nobody wants to send to a stranger. It cannot know every secret. Pure.
#pragma once

#include <map>
#include <string>

namespace tlaunch {

// Whether a variable, or a key, of that name holds a secret: its name says TOKEN, SECRET, PASSWORD, PASSPHRASE,
// CREDENTIAL, WEBHOOK or AUTHORIZATION, has a word that ends with PASS or AUTH, or ends with _KEY or _PAT.
bool names_secret(const std::string& name);

struct Hidden {
  std::map<std::string, std::string> values;  // of variables that hold secrets, by name: "[value of NAME]" stands there
  std::string home;                           // "~" stands there; "": unknown
};

// Also: what follows a secret's name and : or = (password: x, --api-key=x, "token": "x"), a user's name and password in
// an address (https://user:pass@host), Bearer tokens, words that
// begin as known tokens do (ghp_, hf_, sk-, ...), and the command of on_end, which may hold any of them.
std::string redacted(const std::string& text, const Hidden& hidden);

}  // namespace tlaunch
