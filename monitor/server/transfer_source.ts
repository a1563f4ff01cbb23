import type { Clock, DownloadBatch } from "../../transport/mod.ts";
import type { TransferList } from "../metrics/transfer.ts";
import { canObey, type LiveTransfer, liveTransfer, type TransferSource } from "../stats/live_transfer.ts";

/** What {@linkcode ownTransfers} shows and acts on. */
export interface OwnTransfersOptions {
  /** What is shown. */
  readonly shown: Pick<TransferList, "list">;
  /** What acts on one. */
  readonly one: Pick<TransferList, "pause" | "resume" | "cancel">;
  /** What acts on all at once; undefined for one after the other. */
  readonly batch: Pick<DownloadBatch, "pause" | "resume" | "cancel"> | undefined;
  /** Where time comes from. */
  readonly clock: Clock;
}

/** The transfers of this process alone, which obey at once. */
export function ownTransfers({ shown, one, batch, clock }: OwnTransfersOptions): TransferSource {
  const process = { pid: Deno.pid, startedMs: Math.round(performance.timeOrigin), command: "", isAlive: true };
  const all = () => shown.list().map((snapshot) => liveTransfer(snapshot, process, clock.date()));
  return {
    list: () => all().filter(({ endedMs }) => endedMs === null),
    history: (limit = 100) => all().filter(({ endedMs }) => endedMs !== null).reverse().slice(0, limit),
    wish(wish, id) {
      const meant = all().filter((transfer) => (id === undefined || transfer.id === id) && canObey(transfer, wish));
      if (id === undefined && batch !== undefined) batch[wish]();
      else for (const { id } of meant) one[wish](id);
      return meant;
    },
  };
}

/** What runs, and then the last that ended; nothing twice. */
export function latest(source: TransferSource, ended = 100): LiveTransfer[] {
  const all = [...source.list(), ...source.history(ended)];
  return [...new Map(all.map((transfer) => [transfer.id, transfer])).values()];
}
