import { type Civitai, civitai } from "../api/mod.ts";
import { createTransport } from "../mod.ts";
import { hint, observe, type Transport } from "../transport/mod.ts";
import type { Flag, ParsedArgs } from "./args.ts";
import type { Surroundings } from "./command.ts";
import { interrupt } from "./interrupt.ts";
import { chooseBaseUrl, loadKey } from "./settings.ts";
import { formatDuration } from "./text.ts";

/** What a command that talks to Civitai works with. */
export interface Session extends Disposable {
  /** The API. */
  readonly api: Civitai;
  /** The whole stack. */
  readonly transport: Transport;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options of a {@linkcode Session}. */
export interface SessionOptions {
  /** Connections for each file; undefined leaves it to the transport. */
  readonly parallel?: number | undefined;
  /** Shows a line to the user. */
  say(text: string): void;
  /** Gives the terminal back at the second Ctrl-C. */
  close(): void;
}

/** The option every such command has. */
export const siteFlag: Flag = {
  name: "base-url",
  value: "URL",
  about: "another Civitai, e.g. https://civitai.red (default: CIVIKIT_BASE_URL)",
};

const noteworthyMs = 2000;

/** Opens what a command needs, by its options and the environment. */
export async function openSession(
  args: ParsedArgs,
  { io, locale }: Surroundings,
  { parallel, say, close }: SessionOptions,
): Promise<Session> {
  const baseUrl = chooseBaseUrl(io.env, args.value("base-url")), key = await loadKey(io.env);
  const base = createTransport({
    ...(key !== undefined && { key }),
    ...(parallel !== undefined && { parallel }),
    hosts: ["civitai.com", "civitai.red", new URL(baseUrl).host],
  });
  const stop = interrupt(io, {
    onFirst: () => say("interrupted: finishing what is in hand (again to stop at once)"),
    onSecond: close,
  });
  const transport = observe(base, (event) => {
    if (event.type !== "retry" || event.delayMs < noteworthyMs) return;
    say(`waiting ${formatDuration(event.delayMs)} before trying again: ${hint(event.code, locale).title}`);
  });
  return {
    api: civitai(transport, { baseUrl }),
    transport,
    signal: stop.signal,
    [Symbol.dispose]() {
      stop[Symbol.dispose]();
      base.close();
    },
  };
}
