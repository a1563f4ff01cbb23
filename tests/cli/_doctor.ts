import { join } from "node:path";
import { main } from "../../cli/mod.ts";
import { type TestIo, testIo, type TestIoOptions } from "./_io.ts";
import { events } from "./_world.ts";

/** A line of `civikit doctor --json`. */
export interface DoctorLine {
  readonly check: string;
  readonly level: string;
  readonly detail: string;
  readonly next: string | null;
}

/** A run of the doctor. */
export interface Examined {
  readonly code: number;
  readonly io: TestIo;
  /** The lines of one check. */
  of(check: string): readonly DoctorLine[];
  /** The checks that are not well, once each. */
  readonly unwell: readonly string[];
}

/** Folders of one's own, and the doctor in them. */
export interface Ward {
  /** Everything is below it. */
  readonly folder: string;
  /** The environment of a user whose home is `folder`. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `civikit doctor --json` on the site at `url`. */
  examine(
    url: string,
    options?: TestIoOptions & { readonly args?: readonly string[]; readonly io?: TestIo },
  ): Promise<Examined>;
}

/** The environment of a user whose home is `folder`. */
export function homeIn(folder: string): Record<string, string> {
  return {
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    CIVIKIT_SERVE_PORT: "0",
  };
}

/** Calls `work` with a {@linkcode Ward} of its own. */
export async function inWard(work: (ward: Ward) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const env = homeIn(folder);
  try {
    await work({
      folder,
      env,
      async examine(url, { args = ["--json"], env: more = {}, io: own, ...options } = {}) {
        const io = own ?? testIo({ ...options, env: { ...env, CIVIKIT_BASE_URL: url, ...more } });
        const code = await main(["doctor", ...args], io);
        const lines = args.includes("--json") ? events(io) as unknown as DoctorLine[] : [];
        return {
          code,
          io,
          of: (check) => lines.filter((line) => line.check === check),
          unwell: [...new Set(lines.filter(({ level }) => level !== "ok").map(({ check }) => check))],
        };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A site that answers the API as `answer` does, on 127.0.0.1. */
export function site(answer: (request: Request) => Response | Promise<Response>): { url: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** An empty list of models. */
export const noModels = (): Response => Response.json({ items: [], metadata: {} });
