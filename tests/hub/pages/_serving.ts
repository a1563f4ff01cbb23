import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A `civikit serve` of its own: the real program. */
export interface Serving extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it and waits until it is gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** What {@linkcode serving} is told. */
export interface ServingOptions {
  /** Where it starts, with its settings and its state below. */
  readonly folder: string;
  /** The site it asks. */
  readonly site: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** Starts one; resolves when it listens. */
export async function serving({ folder, site, port = 0 }: ServingOptions): Promise<Serving> {
  const args = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), `${root}cli/main.ts`];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "serve", "--port", String(port)],
    env: {
      CIVIKIT_BASE_URL: site,
      CIVIKIT_STATE_DIR: `${folder}/state`,
      XDG_CACHE_HOME: `${folder}/cache`,
      XDG_CONFIG_HOME: `${folder}/config`,
    },
    cwd: folder,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("starting civikit serve: it ended");
    text += value;
  }
  const url = text.trim().replace(/\/$/, "");
  let ended: Promise<void> | undefined;

  function stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    ended ??= (async () => {
      child.kill(signal);
      await child.status;
      await reader.cancel();
    })();
    return ended;
  }
  return { url, port: Number(new URL(url).port), stop, [Symbol.asyncDispose]: () => stop() };
}
