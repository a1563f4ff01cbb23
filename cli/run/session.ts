import { type Civitai, civitai } from "../../api/mod.ts";
import type { StackOptions } from "../../hub/run/mod.ts";
import type { Monitor } from "../../monitor/mod.ts";
import { observe, type Transport } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import type { siteFlags } from "../options/shared_flags.ts";
import type { CommandContext } from "../command.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { askKey, type Keys, loadKeys, onlyKey } from "../settings/keys.ts";
import { commandStack } from "./stack.ts";
import { noteWaits } from "../terminal/note_waits.ts";
import { runText } from "../texts/run.ts";

/** What a command that talks to Civitai works with. */
export interface Session extends Disposable {
  /** The API. */
  readonly api: Civitai;
  /** Where the API key comes from; undefined when there is none. */
  readonly keySource: string | undefined;
  /** The whole stack. */
  readonly transport: Transport;
  /** Shows a download to whoever watches; undefined where nothing is recorded. */
  readonly track: Monitor["track"] | undefined;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options of a {@linkcode Session}. */
export interface SessionOptions {
  /** Addresses the user named, besides the API's. Default: none. */
  readonly named?: readonly string[];
  /** What of the stack is shared with other machines. Default: nothing. */
  readonly shared?: Pick<StackOptions, "layers" | "share"> | undefined;
  /** The keys to use. Default: the one that is asked for, else those of this user. */
  readonly keys?: Keys;
  /** Tells whether long waits are shown now. Default: always. */
  readonly showsWaits?: () => boolean;
  /** Shows a line to the user. */
  note(text: string): void;
  /** Gives the terminal back at the second Ctrl-C. */
  close(): void;
}

/** Opens what a command needs, by its options and the environment. */
export async function openSession(
  { flags }: Pick<Args<typeof siteFlags>, "flags">,
  context: CommandContext,
  { named, shared, keys: givenKeys, showsWaits = () => true, note, close }: SessionOptions,
): Promise<Session> {
  const { io, locale, settings: { value } } = context;
  const baseUrl = value("baseUrl");
  const keys = givenKeys ?? (flags.askKey ? onlyKey(await askKey(io), "the terminal") : loadKeys(io.env));
  const found = keys.find(new URL(baseUrl).host);
  const stack = await commandStack(context, { keys, named, shared, note });
  const stop = interrupt(io, {
    onFirst: () => note(runText[locale].interrupted),
    onSecond: close,
  });
  const transport = observe(stack.transport, noteWaits({ locale, now: io.now, showsWaits, note }));
  return {
    api: civitai(transport, { baseUrl, trustedHosts: value("trustedHosts") }),
    keySource: found?.source,
    transport,
    track: stack.monitor?.track,
    signal: stop.signal,
    [Symbol.dispose]() {
      stop[Symbol.dispose]();
      stack.close();
    },
  };
}
