// deno-lint-ignore-file no-console -- what it prints is what it is for
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Python that has these modules: Debian's own may, where another one stands before it. */
function pythonWith(modules: string): string | undefined {
  return ["/usr/bin/python3", "python3", "python"].find((program) => {
    try {
      return new Deno.Command(program, { args: ["-c", `import ${modules}`], stdout: "null", stderr: "null" })
        .outputSync()
        .success;
    } catch {
      return false;
    }
  });
}

/** The imitations, and what each needs of Python. */
const hosts = {
  forge: { script: "_forge_host.py", modules: "fastapi, uvicorn", packages: "python3-fastapi python3-uvicorn" },
  comfyui: { script: "_comfy_host.py", modules: "aiohttp", packages: "python3-aiohttp" },
} as const;

/** Which imitation. */
export type HostName = keyof typeof hosts;

/** Whether a host can be started; says what is missing where it cannot. */
export function hasHost(name: HostName): boolean {
  const { modules, packages } = hosts[name];
  const isThere = pythonWith(modules) !== undefined;
  if (!isThere) {
    console.log(`python3 has no ${modules}: the tests of extensions/${name} are skipped (apt: ${packages})`);
  }
  return isThere;
}

/** An imitation of a web UI with the extension in it. */
export interface Host extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Starts one around `root`, on this address. */
export async function startHost(
  name: HostName,
  root: string,
  { env = {}, address = "127.0.0.1" }: { env?: Record<string, string>; address?: string } = {},
): Promise<Host> {
  const { script, modules } = hosts[name];
  const child = new Deno.Command(pythonWith(modules)!, {
    args: [join(fileURLToPath(new URL(".", import.meta.url)), script), root, address],
    env: { PYTHONUNBUFFERED: "1", ...env },
    ...{ stdout: "piped", stderr: "piped" },
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await reader.read();
  const port = Number(line.trim());
  if (!(port > 0)) throw new Error(`starting ${script}: ${await stderr}`);
  return {
    ...{ url: `http://127.0.0.1:${port}`, port },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await stderr;
    },
  };
}
