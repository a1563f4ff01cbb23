import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import {
  fetchFlags,
  fileFlags,
  hashFlags,
  outputFlags,
  sidecarFlags,
  siteFlags,
  yesFlags,
} from "../options/shared_flags.ts";
import { placeFlags } from "../options/download_place.ts";
import type { Command } from "../command.ts";
import { loadPart } from "../missing_part.ts";
import { downloadHelp } from "../texts/download.ts";

const flags = {
  dir: { type: "setting", setting: "download.directory", short: "d", value: "FOLDER" },
  ...placeFlags,
  output: {
    type: "text",
    short: "o",
    value: "NAME",
    help: {
      en: "file name to save under (one file only)",
      "zh-TW": "下載的檔案叫什麼名字（只有一個檔案時）；不給就照 Civitai 或伺服器的命名",
    },
  },
  ...fileFlags,
  model: {
    type: "switch",
    help: {
      en: "bare numbers are model ids (their newest version), not version ids",
      "zh-TW": "只有數字時，當成模型編號，而不是版本編號",
    },
  },
  from: {
    type: "text",
    short: "i",
    value: "FILE",
    help: {
      en: "read references from FILE, one a line; below one, indented: out=NAME, dir=FOLDER, sha256=HEX",
      "zh-TW": "要下載什麼，從檔案讀，一行一個（UTF-8，或有 BOM 的 UTF-16）",
    },
  },
  ...fetchFlags,
  sha256: {
    type: "digest",
    value: "HEX",
    help: {
      en: "the SHA-256 the file must have, instead of the published hashes",
      "zh-TW": "檔案一定要有這個 SHA-256",
    },
  },
  blake3: {
    type: "digest",
    value: "HEX",
    help: {
      en: "the BLAKE3 the file must have, instead of the published hashes",
      "zh-TW": "檔案一定要有這個 BLAKE3",
    },
  },
  noVerify: {
    type: "switch",
    setting: "download.verify",
    help: {
      en: "accept the file even if its hash or size is not as published",
      "zh-TW": "雜湊或大小與公布的不同也接受",
    },
  },
  ...yesFlags,
  queue: {
    type: "switch",
    help: {
      en: "put it into the queue, for a service or for civikit queue run",
      "zh-TW": "不立刻下載，改排進[佇列](#佇列)",
    },
  },
  printPath: {
    type: "switch",
    group: "output",
    help: {
      en: "print the path of each finished file on standard output",
      "zh-TW": "完成一個檔案，就在標準輸出印出它的路徑",
    },
  },
  ...sidecarFlags,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

// the path is hidden from Deno, which would read all that a download takes for its help, too
const loadRun = async () =>
  await import("../run/download_references.ts" as string) as typeof import("../run/download_references.ts");

/** `civikit download`: references to verified files. */
export const downloadCommand: Command = {
  usage: "download <what>... [options]",
  flags,
  help: downloadHelp,
  run: async (args: Args<typeof flags>, context) => (await loadPart(loadRun)).downloadReferences(args, context),
};
