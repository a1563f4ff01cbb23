import type { Places } from "./entries.ts";
import { quoted } from "./quoted.ts";

/** The completion for bash, from 3.2 on, which needs no other package. */
export function bashCompletion(places: readonly Places[]): string {
  const cases = places.map(({ keys, entry: { kind, words } }) =>
    `    ${keys.map(quoted).join("|")}) kind=${kind} reply=(${words.map(([word]) => quoted(word)).join(" ")}) ;;`
  );
  return `# civikit for bash

__civikit_entry() {
  case $1 in
${cases.join("\n")}
    *) return 1 ;;
  esac
}

_civikit() {
  local command=civikit at=civikit value= over= kind= quote= prefix= word i
  local cur=\${COMP_WORDS[COMP_CWORD]}
  local -a reply
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $value ]]; then
      # --option=value comes in three words
      [[ $word == = ]] || value=
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
    [[ $cur != = ]] || cur=
  elif [[ -z $over && $cur == -* ]]; then
    at="options $command"
  fi
  COMPREPLY=()
  __civikit_entry "$at" || return 0
  case $cur in [\\"\\']*) quote=yes ;; esac
  cur=\${cur//[\\\\\\"\\']/}
  case $kind in
    file | folder)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do
        COMPREPLY+=("$word")
      done < <(compgen "$([[ $kind == file ]] && echo -f || echo -d)" -- "$cur")
      return 0
      ;;
    list)
      compopt -o nospace 2>/dev/null
      if [[ $cur == *,* ]]; then prefix=\${cur%,*}, cur=\${cur##*,}; fi
      ;;
  esac
  for word in "\${reply[@]}"; do
    [[ $word == "$cur"* ]] || continue
    word=$prefix$word
    if [[ -z $quote ]]; then
      printf -v word %q "$word"
      word=\${word//\\\\,/,}
    fi
    COMPREPLY+=("$word")
  done
}

complete -F _civikit civikit
`;
}
