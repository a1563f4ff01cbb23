import type { Flag } from "./args.ts";

/** The options of commands that report file by file. */
export const outputFlags: readonly Flag[] = [
  { name: "json", about: "one JSON object a line on standard output, nothing else" },
  { name: "quiet", short: "q", about: "print only errors" },
];

/** The options of every command that talks to Civitai. */
export const siteFlags: readonly Flag[] = [
  { name: "no-monitor", about: "record nothing for civikit report and the logs (so does CIVIKIT_MONITOR=off)" },
  { name: "base-url", value: "URL", about: "another Civitai, e.g. https://civitai.red (default: CIVIKIT_BASE_URL)" },
];

/** The option of commands that hash files. */
export const hashesFlag: Flag = {
  name: "hashes",
  value: "FILE",
  about: "where hashes are kept between runs (default: civikit/hashes.sqlite in the cache folder)",
};

/** How many files are hashed at once. */
export const hashJobsFlag: Flag = {
  name: "jobs",
  short: "j",
  value: "N",
  about: "files hashed at once, 1-16 (default: one for each core, at most 4)",
};
