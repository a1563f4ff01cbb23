import { dirname } from "node:path";
import { shellWord } from "../units/next_commands.ts";
import type { Program } from "../units/program.ts";

const rights = "--allow-read --allow-write --allow-net --allow-env --allow-sys";
const sourceOf = (version: string) => `jsr:@civikit/civikit@${version}/cli`;

/** The commands that put `version` in the place of the program that runs: by the way it came. */
export function upgradeCommands({ kind, words, files }: Program, version: string): readonly string[] {
  switch (kind) {
    case "checkout":
      return [`git -C ${shellWord(dirname(dirname(files[1]!)))} pull --ff-only`];
    case "package":
      return [`deno install -g -f -n civikit ${rights} ${sourceOf(version)}`];
    case "bundle":
      return [`deno bundle --output ${shellWord(files[1]!)} ${sourceOf(version)}`];
    case "binary":
      return [`deno compile ${rights} --output ${shellWord(words[0]!)} ${sourceOf(version)}`];
  }
}
