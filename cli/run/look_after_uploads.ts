import type { Project } from "../../api/mod.ts";
import type { FileStore } from "../../fleet/mirror/mod.ts";
import { formatBytes, messageOf } from "../../transport/internal.ts";
import type { Output } from "../terminal/output.ts";
import { localTime, printable } from "../terminal/text.ts";
import type { mirrorText } from "../texts/mirror.ts";

/** How unfinished uploads are looked after. */
interface LookAfter {
  /** Only list them, all of them. */
  readonly isDry: boolean;
  /** How long nobody went on with those that are given up, in milliseconds. */
  readonly olderThanMs: number;
  readonly signal: AbortSignal;
  readonly text: typeof mirrorText["en"];
}

/** Gives up uploads that nobody goes on with, or lists what is unfinished. It fails nothing: the files are there all the same. */
export async function lookAfterUploads(
  store: FileStore,
  { lock }: Project,
  out: Output,
  { isDry, olderThanMs, signal, text }: LookAfter,
): Promise<void> {
  const uploads = await store.clean(isDry ? 0 : olderThanMs, { isDry, signal }).catch((error) => {
    if (!signal.aborted) out.note(text.notCleaned(printable(messageOf(error))));
    return [];
  });
  if (!isDry && uploads.length > 0) {
    const bytes = uploads.reduce((sum, upload) => sum + upload.bytes, 0);
    const event = { event: "cleaned", count: uploads.length, bytes };
    return out.emit(event, text.cleaned(uploads.length, formatBytes(bytes)));
  }
  const paths = new Map(lock.files.map(({ sha256, path }) => [sha256?.toLowerCase(), path]));
  for (const { sha256, bytes, startedMs, lastMs } of uploads) {
    const isOld = Date.now() - lastMs >= olderThanMs;
    const path = sha256 === undefined ? undefined : paths.get(sha256);
    const name = printable(path ?? sha256 ?? text.trial);
    const event = { event: "unfinished", path: path ?? null, sha256: sha256 ?? null, bytes, startedMs, lastMs, isOld };
    out.show(event, `${text.unfinished(name, formatBytes(bytes), localTime(lastMs), isOld)}\n`);
  }
}
