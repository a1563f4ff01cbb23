import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { main } from "../../cli/mod.ts";
import { inState, type Running, startServe } from "../cli/commands/_serve.ts";
import { testIo } from "../cli/_io.ts";
import type { Civitai } from "../_civitai/mod.ts";
import { type Host, type HostName, startHost } from "./_host.ts";

/** The token of the service, which no page may see. */
export const serveToken = "a-token-of-the-service-0123456789";

/** A program with the extension in it, as `civikit extension install` puts it there, and a real `civikit serve`. */
export interface InUi {
  readonly civitai: Civitai;
  readonly folder: string;
  /** The program's own folder. */
  readonly program: string;
  /** The extension's folder. */
  readonly extension: string;
  readonly host: Host;
  readonly serve: Running;
  /** The code for browsers elsewhere, where the extension was installed with it. */
  readonly code: string;
  /** What the token is by which the extension is let in. */
  readonly pairing: string;
}

/** Calls `work` with one. */
export async function inUi(name: HostName, args: readonly string[], work: (ui: InUi) => Promise<void>): Promise<void> {
  await inState(async (civitai, folder, env) => {
    const program = join(folder, "program");
    const below = name === "forge" ? "extensions" : "custom_nodes";
    await Deno.mkdir(join(program, below), { recursive: true });
    await using serve = await startServe(folder, { ...env, CIVIKIT_SERVE_TOKEN: serveToken });
    const io = testIo({ env });
    const install = ["extension", "install", name, program, "--url", serve.url, "--json", ...args];
    assertEquals(await main(install, io), 0, io.err);
    const extension = join(program, below, "civikit");
    const { token, pair } = JSON.parse(await Deno.readTextFile(join(extension, "civikit.json")));
    await using host = await startHost(name, program);
    await work({ civitai, folder, program, extension, host, serve, code: pair ?? "", pairing: token });
  });
}

/** Sends a request as it is, headers and all, and resolves with status and body. */
export async function raw(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<[status: number, body: string]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const all = { host: `127.0.0.1:${port}`, connection: "close", "content-length": String(body.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(new TextEncoder().encode(`${line} HTTP/1.1\r\n${lines.join("")}\r\n${body}`));
  const text = await new Response(connection.readable).text();
  const at = text.indexOf("\r\n\r\n");
  return [Number(text.slice(9, 12)), text.slice(at + 4)];
}
