import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What opens the service of a test. */
export const token = "a-token-of-the-test-0123456789";

/** Puts `value` in the place of `due`, which has to stand in `text` as often as is said. */
export function filled(text: string, due: string, value: string, times = 1): string {
  if (text.split(due).length - 1 !== times) throw new Error(`"${due}" does not stand ${times} times in the file`);
  return text.replaceAll(due, value);
}

/** Starts `civikit serve` behind a proxy that is reached by `host`; it ends when it is disposed. */
export async function serve(host: string, baseUrl: string): Promise<AsyncDisposable & { readonly port: number }> {
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts")],
      ...["serve", "--port", "0", "--allow-host", host],
    ],
    cwd: folder,
    env: {
      ...{ CIVIKIT_SERVE_TOKEN: token, CIVIKIT_BASE_URL: baseUrl, CIVIKIT_STATE_DIR: folder },
      ...{ XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder, NO_COLOR: "1" },
    },
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    port: Number(new URL(value.trim()).port),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Resolves when something listens on a port of this machine. */
export async function listening(port: number, process: Deno.ChildProcess): Promise<void> {
  let hasEnded = false;
  process.status.then(() => hasEnded = true);
  while (true) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      if (hasEnded) throw new Error("ended before it listened");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
