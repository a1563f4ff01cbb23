import { helpText } from "../cli/texts/help.ts";

/** What each exit code means, in Traditional Chinese, as the help has it. */
export const exitMeanings: ReadonlyMap<number, string> = new Map(
  [...helpText["zh-TW"].exitCodes.matchAll(/^ +(\d+) +(.+)$/gm)].map(([, number, meaning]) => [+number!, meaning!]),
);
