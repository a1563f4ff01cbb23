import type { CivitaiLogEntry, LogEntry } from "../../../testing/mod.ts";
import { embeddedCivitai } from "../../../testing/mod.ts";
import { formatBytes } from "../../../transport/internal.ts";
import type { CommandContext } from "../../command.ts";
import { interrupt } from "../../terminal/interrupt.ts";
import type { Output } from "../../terminal/output.ts";
import { printable } from "../../terminal/text.ts";
import { sandboxText } from "../../texts/sandbox.ts";
import { listenError } from "../listen_error.ts";
import { sandboxFaults } from "./sandbox_faults.ts";
import { thingsToTry } from "./things_to_try.ts";

/** Bytes of the big model on the shelves, version 2100. */
export const bigBytes: number = 256 * 1024 ** 2;

/** What is asked of the sandbox. */
export interface SandboxOptions {
  /** Port of the API; 0 is any free one. */
  readonly port: number;
  /** Words of {@linkcode sandboxFaults}. */
  readonly faults: readonly string[];
}

/** `12:34:56`, of this machine. */
const timeOf = () => new Date().toTimeString().slice(0, 8);

/** Runs an embedded Civitai and shows what it is asked, until Ctrl-C. */
export async function runSandbox(
  { port, faults }: SandboxOptions,
  { io, locale, style }: CommandContext,
  out: Output,
): Promise<void> {
  const text = sandboxText[locale];
  function show(place: "api" | "storage", entry: CivitaiLogEntry | LogEntry): void {
    const { method, path, status } = entry;
    const { bytes, range, faults = [] } = "bytes" in entry ? entry : { bytes: undefined, range: null };
    const struck = faults.length > 0 ? `  ${style.bad(faults.join(", "))}` : "";
    const amount = bytes === undefined ? "" : `  ${formatBytes(bytes)}`;
    const line = `${timeOf()} ${text[place]} ${status} ${method} ${printable(path)}${
      range ? ` ${printable(range)}` : ""
    }${amount}${struck}`;
    const event = {
      event: "request",
      place,
      method,
      path,
      status,
      ...(bytes !== undefined && { range, bytes, faults }),
    };
    out.show(event, `${line}\n`);
  }
  const civitai = embeddedCivitai({
    bigBytes,
    onRequest: (entry) => show("api", entry),
    onStorageRequest: (entry) => show("storage", entry),
  });
  for (const word of faults) sandboxFaults[word]!(civitai);
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  using _stop = interrupt(io, { onFirst: resolve, onSecond: () => {} });
  await using server = await civitai.listen({ port }).catch((error) => {
    throw listenError(error, `127.0.0.1:${port}`);
  });
  const { url, storage } = server;
  const started = `${text.running(url, storage.url)}\n${text.elsewhere}\n${thingsToTry(url, locale, "civikit")}`;
  const trouble = faults.length > 0 ? `\n${text.faultsOn(faults.join(", "))}\n` : "";
  out.show({ event: "listening", url, storageUrl: storage.url, faults }, `${started}${trouble}\n${text.requests}\n`);
  await stopped;
}
