import { assert } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";
import { type Civitai, startCivitai } from "../../_civitai/mod.ts";

/** The checkout. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A `civikit serve` in a process of its own. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Waits until a job is as wanted. */
  until(id: string, state: string): Promise<Record<string, unknown>>;
  /** Ends it with a signal; resolves with code and standard error. */
  end(signal: Deno.Signal): Promise<[code: number, stderr: string]>;
}

/** The command line that starts one. */
export function command(
  args: readonly string[],
  flags: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      `--config=${join(root, "deno.json")}`,
      ...flags,
      join(root, "cli", "main.ts"),
      "serve",
      ...args,
    ],
    env: { NO_COLOR: "1", CIVIKIT_LANG: "en", ...env },
    ...{ cwd, stdout: "piped", stderr: "piped" },
  });
}

/** Starts one on a free port. */
export async function startServe(
  cwd: string,
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Running> {
  const child = command(["--port", "0", ...args], await registryFlags(root), cwd, env).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await reader.read();
  const url = line.trim().replace(/\/$/, "");
  assert(url.startsWith("http://127.0.0.1:"), `${line} ${url === "" ? await new Response(child.stderr).text() : ""}`);
  const stderr = new Response(child.stderr).text();
  let isOver = false;
  async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return await response.json();
  }
  async function end(signal: Deno.Signal): Promise<[number, string]> {
    isOver = true;
    child.kill(signal);
    const { code } = await child.status;
    await reader.cancel();
    return [code, await stderr];
  }
  return {
    ...{ url, ask, end },
    async until(id, state) {
      for (;;) {
        const job = await ask("GET", `/queue/${id}`);
        if (job["state"] === state) return job;
        if (job["state"] === "failed" && state !== "failed") throw new Error(JSON.stringify(job));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async [Symbol.asyncDispose]() {
      if (!isOver) await end("SIGKILL");
    },
  };
}

/** Calls `work` with an embedded Civitai, a home folder and the environment that names both. */
export async function inState(
  work: (civitai: Civitai, folder: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  await using civitai = await startCivitai({ bigBytes: 8 * 1024 ** 2, loraBytes: 64 * 1024 });
  const folder = await Deno.makeTempDir();
  try {
    await work(civitai, folder, {
      ...{ CIVIKIT_BASE_URL: civitai.url, CIVIKIT_STATE_DIR: join(folder, "state"), HOME: folder },
      ...{
        XDG_CONFIG_HOME: join(folder, "config"),
        XDG_CACHE_HOME: join(folder, "cache"),
        CIVITAI_API_KEY: "demo-key",
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
