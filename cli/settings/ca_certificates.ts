import { readPlainText, wrapDiskError } from "../../transport/internal.ts";
import { printable } from "../terminal/text.ts";
import { isGranted } from "./rights.ts";
import { invalid } from "./setting_words.ts";

/**
 * The certificates in the files of `network.caFiles`, in PEM.
 *
 * @throws {InputError} `invalid_config` when there is none in one of them, or it cannot be read.
 */
export function caCertificates(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const refuse = (state: string) =>
      invalid(`reading network.caFiles "${printable(path)}": ${state}`, "network.caFiles");
    // asked before, because Deno would stop and ask the user
    if (!isGranted([{ name: "read", path }])) throw refuse("Deno was not given --allow-read for it");
    let text: string;
    try {
      text = readPlainText(path);
    } catch (error) {
      const { reason } = wrapDiskError(error, path, "reading");
      throw refuse(reason === "file_missing" ? "there is no such file" : "it cannot be read");
    }
    if (!text.includes("-----BEGIN CERTIFICATE-----")) throw refuse("no certificate in PEM is in it");
    return text;
  });
}
