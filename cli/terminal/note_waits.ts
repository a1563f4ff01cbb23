import { hint, type Locale, type TransportEvent } from "../../transport/mod.ts";
import { formatDuration } from "./text.ts";

/** What {@linkcode noteWaits} goes by. */
export interface NoteWaitsOptions {
  /** The user's language. */
  readonly locale: Locale;
  /** Milliseconds on a clock. */
  readonly now: () => number;
  /** Tells whether a wait of one request's own is shown now; a pause that a whole host asked for always is. */
  readonly showsWaits: () => boolean;
  /** Shows a line to the user. */
  note(text: string): void;
}

const noteworthyMs = 2000;
/** Pauses that end within this time of one another are one. */
const sameMs = 1000;

const texts: Record<Locale, { pause(time: string, host: string): string; retry(time: string, why: string): string }> = {
  en: {
    pause: (time, host) => `waiting ${time}: ${host} asked for a pause`,
    retry: (time, why) => `waiting ${time} before trying again: ${why}`,
  },
  "zh-TW": {
    pause: (time, host) => `等候 ${time}：${host} 要求暫停`,
    retry: (time, why) => `等候 ${time} 後再試一次：${why}`,
  },
};

/** A listener for events of a transport that tells the user of waits of more than two seconds, before they begin. */
export function noteWaits({ locale, now, showsWaits, note }: NoteWaitsOptions): (event: TransportEvent) => void {
  const pausedUntil = new Map<string, number>();
  const words = texts[locale];

  /** However many requests wait for a host, it is said once. */
  function tellPause(host: string, waitMs: number): void {
    const until = now() + waitMs;
    if (waitMs < noteworthyMs || until <= (pausedUntil.get(host) ?? -Infinity) + sameMs) return;
    pausedUntil.set(host, until);
    note(words.pause(formatDuration(waitMs), host));
  }

  return function noteWaits(event) {
    if (event.type === "wait") tellPause(event.host, event.waitMs);
    else if (event.type !== "retry") return;
    else if (event.code === "rate_limited") tellPause(URL.parse(event.url)?.host ?? event.url, event.delayMs);
    else if (event.delayMs >= noteworthyMs && showsWaits()) {
      note(words.retry(formatDuration(event.delayMs), hint(event.code, locale).title));
    }
  };
}
