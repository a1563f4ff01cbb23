import type { Flag } from "./args.ts";

/** The options of commands that report file by file. */
export const outputFlags: readonly Flag[] = [
  { name: "json", about: "one JSON object a line on standard output, nothing else" },
  { name: "quiet", short: "q", about: "print only errors" },
];
