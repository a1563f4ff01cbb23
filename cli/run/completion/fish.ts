import type { Places } from "./entries.ts";

const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

/** The completion for fish: a file in `~/.config/fish/completions`. */
export function fishCompletion(places: readonly Places[]): string {
  const cases = places.map(({ keys, entry: { kind, words } }) => {
    const lines = [kind, ...words.map(([word, help]) => help === "" ? word : `${word}\t${help}`)];
    return `        case ${keys.map(quoted).join(" ")}\n            printf '%s\\n' ${lines.map(quoted).join(" ")}`;
  });
  return String.raw`# civikit for fish

function __civikit_entry
    switch $argv[1]
${cases.join("\n")}
        case '*'
            return 1
    end
end

function __civikit_complete
    set -l words (commandline -opc)
    set -l token (string replace -ra '["\'\\\\]' '' -- (commandline -ct))
    set -l command civikit
    set -l at civikit
    set -l value
    set -l over
    set -l prefix ''
    for word in $words[2..-1]
        if set -q value[1]
            set -e value[1]
        else if not set -q over[1]; and test "$word" = --
            set over yes
        else if not set -q over[1]; and string match -q -- '-?*' $word
            __civikit_entry "$command $word" >/dev/null; and set value "$command $word"
        else if __civikit_entry "$at $word" >/dev/null
            set at "$at $word"
            test $command = civikit; and set command $at
        end
    end
    if set -q value[1]
        set at $value
    else if not set -q over[1]; and string match -q -- '--*=*' "$token"
        set -l parts (string split -m 1 = -- $token)
        set at "$command $parts[1]"
        set prefix "$parts[1]="
        set token $parts[2]
    else if not set -q over[1]; and string match -q -- '-*' "$token"
        set at "options $command"
    end
    set -l reply (__civikit_entry $at)
    or return
    switch $reply[1]
        case file
            printf '%s\n' $prefix(__fish_complete_path "$token")
        case folder
            printf '%s\n' $prefix(__fish_complete_directories "$token" '')
        case list
            set prefix $prefix(string match -r '^.*,' -- "$token"; or echo '')
            printf '%s\n' $prefix$reply[2..-1]
        case '*'
            printf '%s\n' $prefix$reply[2..-1]
    end
end

complete -c civikit -f -a '(__civikit_complete)'
`;
}
