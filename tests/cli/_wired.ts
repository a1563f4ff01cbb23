import { dirname, join } from "node:path";
import { main } from "../../cli/mod.ts";
import { commandStack } from "../../cli/run/stack.ts";
import { readSettings } from "../../cli/settings/read_settings.ts";
import type { Stack } from "../../hub/run/mod.ts";
import { type Origin, type OriginOptions, startOrigin } from "../_origin/mod.ts";
import { type TestIo, testIo, type TestIoOptions } from "./_io.ts";
import { inWorld, type Ran, type World } from "./_world.ts";

/** A user's file of settings, by whole keys. */
export type UserFile = Readonly<Record<string, unknown>>;

/** A place where the user's file decides. */
export interface Place extends World {
  /** Folder of statistics and logs. */
  readonly state: string;
  /** Writes the user's file. */
  write(file: UserFile): void;
  /** Runs the command with the user's file as `file` says. */
  runWith(file: UserFile, args: readonly string[], options?: TestIoOptions): Promise<Ran>;
  /** The stack a command gets with this file, and with the API at `baseUrl` where it is not the embedded Civitai. */
  stackWith(file: UserFile, baseUrl?: string): Promise<Stack>;
  /** Begins a command that goes on until it is interrupted. */
  begin(
    file: UserFile,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): { readonly io: TestIo; readonly ended: Promise<number> };
  /** Text of `http_client.log`. */
  log(): string;
}

/** Waits between attempts that no test waits for. */
export const hasty: UserFile = { "retry.delay": 0 };

/** Calls `work` with a place of its own. */
export function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
  return inWorld(async (world) => {
    const outer = dirname(world.folder);
    const state = join(outer, "state");
    const env = { XDG_CONFIG_HOME: outer, XDG_CACHE_HOME: join(outer, "cache"), CIVIKIT_STATE_DIR: state };
    const path = join(outer, "civikit", "config.json");
    function write(file: UserFile): void {
      Deno.mkdirSync(dirname(path), { recursive: true });
      Deno.writeTextFileSync(path, JSON.stringify({ version: 1, ...file }), { mode: 0o600 });
    }
    await work({
      ...world,
      state,
      write,
      async runWith(file, args, { env: more = {}, ...options } = {}) {
        write(file);
        return await world.run(args, { ...options, env: { CIVIKIT_STATE_DIR: state, ...more } });
      },
      begin(file, args, more) {
        write(file);
        const io = testIo({ env: { ...env, ...more } });
        return { io, ended: main(args, io) };
      },
      async stackWith(file, baseUrl = world.civitai.url) {
        write(file);
        const io = testIo({ env: { ...env, CIVIKIT_BASE_URL: baseUrl } });
        const settings = await readSettings({ env: io.env });
        return await commandStack({ io, settings, command: "test", locale: "en" }, {
          keys: { find: () => undefined },
          note() {},
        });
      },
      log: () => Deno.readTextFileSync(join(state, "logs", "http_client.log")),
    });
  });
}

/** The same with an origin whose files the user names by URL. */
export function withOrigin(
  options: OriginOptions,
  work: (place: Place, origin: Origin, download: (file: UserFile, ...more: string[]) => Promise<Ran>) => Promise<void>,
): Promise<void> {
  return inPlace(async (place) => {
    await using origin = await startOrigin(options);
    let round = 0;
    const download = (file: UserFile, ...more: string[]) => {
      const args = more.map((one) => origin.files.has(one) ? origin.url + one : one);
      const dir = more.includes("--dir") ? [] : ["--dir", join(place.folder, String(round++))];
      return place.runWith(file, ["download", ...args, ...dir]);
    };
    await work(place, origin, download);
  });
}
