import type { Places } from "./entries.ts";
import { quoted } from "./quoted.ts";

const described = ([word, help]: readonly [string, string]): string => {
  const name = word.replaceAll(":", "\\:");
  return quoted(help === "" ? name : `${name}:${help}`);
};

/** The completion for zsh: a file `_civikit` in a folder of `fpath`, or read in after compinit. */
export function zshCompletion(places: readonly Places[]): string {
  const cases = places.map(({ keys, entry: { kind, words } }) =>
    `    (${keys.map(quoted).join("|")}) kind=${kind} reply=(${words.map(described).join(" ")}) ;;`
  );
  return `#compdef civikit

__civikit_entry() {
  case $1 in
${cases.join("\n")}
    (*) return 1 ;;
  esac
}

_civikit() {
  local command=civikit at=civikit value= over= kind= word
  local -a reply
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${(Q)words[i]}
    if [[ -n $value ]]; then
      value=
    elif [[ -z $over && $word == -- ]]; then
      over=yes
    elif [[ -z $over && $word == -?* ]]; then
      __civikit_entry "$command $word" && value="$command $word"
    elif __civikit_entry "$at $word"; then
      at+=" $word"
      [[ $command != civikit ]] || command=$at
    fi
  done
  if [[ -n $value ]]; then
    at=$value
  elif [[ -z $over && $PREFIX == --*=* ]]; then
    at="$command \${PREFIX%%=*}"
    compset -P '*='
  elif [[ -z $over && $PREFIX == -* ]]; then
    at="options $command"
  fi
  kind= reply=()
  __civikit_entry "$at" || return 1
  case $kind in
    (file) _files ;;
    (folder) _files -/ ;;
    (list)
      compset -P '*,'
      _describe civikit reply -S '' ;;
    (*) _describe civikit reply ;;
  esac
}

if [[ $funcstack[1] == _civikit ]]; then
  _civikit "$@"
else
  compdef _civikit civikit
fi
`;
}
