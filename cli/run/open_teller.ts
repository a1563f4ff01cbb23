import { openStack } from "../../hub/run/mod.ts";
import {
  openOutbox,
  readTarget,
  type Target,
  type TargetState,
  type TargetTeller,
  targetText,
  tellTargets,
  type WorkTeller,
  workTeller,
} from "../../hub/targets/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import { outboxPath } from "../settings/places.ts";
import type { Settings } from "../settings/read_settings.ts";
import { printable } from "../terminal/text.ts";
import { targetsText } from "../texts/targets.ts";
import { stackSettings } from "./stack_settings.ts";

/** How long a program may take to read its folders, in milliseconds. */
const patienceMs = 120_000;

/** What {@linkcode openTeller} goes by. */
export interface OpenTellerOptions {
  /** The settings, as they are at the time. */
  readonly settings: () => Settings;
  /** Environment and language. */
  readonly context: Pick<CommandContext, "io" | "locale">;
  /** Shows a line to the user: a program that could not be told is named once, until it was told again. */
  note(text: string): void;
  /** Hears when one was told, or could not be. Default: nobody does. */
  readonly onTold?: (state: TargetState) => void;
}

/** The programs the settings name; `refuse` hears of one that may not be told, which a page can have set. */
function targetsOf({ value }: Settings, refuse: (text: string, error: TypeError) => void): Target[] {
  return value("targets").flatMap((text) => {
    try {
      return [readTarget(text, value("targetHosts"))];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      refuse(text, error);
      return [];
    }
  });
}

/**
 * What tells programs of new files and of failures, over a stack of its own: the way to programs on this machine is open to it alone, and
 * no key goes with it. The stack is that of the settings at the start; which programs are told may change. What they could
 * not be told outlives the process, unless there is no place for it, which is said.
 *
 * @throws {InputError} `invalid_config` when a header cannot be read.
 */
export async function openTeller(
  { settings, context: { io, locale }, note, onTold = () => {} }: OpenTellerOptions,
): Promise<TargetTeller & WorkTeller> {
  const { transport: options, baseUrl } = stackSettings(settings(), io, note);
  const said = new Map<string, string>();
  function say(key: string, what: string, text: string): void {
    if (said.get(key) !== what && what !== "") note(`warning: ${printable(text)}`);
    said.set(key, what);
  }
  // whoever names another machine knows its network; secrets go to https and to this machine alone, whatever is allowed
  const socket = { ...options?.socket, allowHttp: true };
  const patient = { socket, headersMs: patienceMs, apiMs: patienceMs, retry: { max: 0 } };
  // whoever changes the settings may name this machine later
  const named = ["http://127.0.0.1"];
  const stack = await openStack({ baseUrl, named, guard: false, transport: { ...options, ...patient } });
  const path = outboxPath(io.env);
  const onSetAside = (path: string) => note(targetsText[locale].setAside(printable(path)));
  const teller = tellTargets({
    outbox: path === undefined ? undefined : () => openOutbox(path, { onSetAside }),
    onTrouble: (error) => say("", "outbox", targetsText[locale].outbox(messageOf(error as Error))),
    targets: () => targetsOf(settings(), (text, { message }) => say(text, message, `targets "${text}": ${message}`)),
    transport: stack.transport,
    onTold(state) {
      const { kind, url, why } = state;
      say(`${kind} ${url}`, why === null ? "" : `${why.code} ${why.status}`, targetText(state, locale));
      onTold(state);
    },
  });
  return {
    ...teller,
    ...workTeller(teller.failed),
    async close(lastMs) {
      await teller.close(lastMs);
      stack.close();
    },
  };
}
