import { dirname } from "node:path";
import { everyRight, heapOption } from "../../terminal/deno_flags.ts";
import { shellWord } from "../../terminal/shell_word.ts";
import type { Program } from "../units/program.ts";

const flags = [heapOption, ...everyRight].join(" ");

const checked = "sha256sum --check --ignore-missing SHA256SUMS";

/**
 * The commands that put `version` in the place of the program that runs: by the way it came. Bundles and binaries are files
 * of a release, which are fetched from its page first.
 */
export function upgradeCommands({ kind, words, files }: Program, version: string): readonly string[] {
  switch (kind) {
    case "checkout":
      return [`git -C ${shellWord(dirname(dirname(files[1]!)))} pull --ff-only`];
    case "package":
      return [`deno install -g -f -n civikit ${flags} jsr:@civikit/civikit@${version}/cli`];
    case "bundle":
      return [checked, `tar -xzf civikit-${version}.tar.gz --strip-components=1 -C ${shellWord(dirname(files[1]!))}`];
    case "binary":
      return Deno.build.os === "windows"
        ? [`copy /Y civikit-${version}-${Deno.build.target}.exe "${words[0]}"`]
        : [checked, `install -m 0755 civikit-${version}-${Deno.build.target} ${shellWord(words[0]!)}`];
  }
}
