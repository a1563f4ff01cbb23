import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Whether there is what a terminal of its own takes. */
export const hasScript: boolean =
  new Deno.Command("sh", { args: ["-c", "command -v script timeout"] }).outputSync().success;

/** What came of a key that was typed. */
export interface TypedKey {
  /** All that the terminal showed. */
  readonly screen: string;
  /** Whether it was asked for. */
  readonly isAsked: boolean;
  /** The exit code. */
  readonly code: number;
}

/**
 * Runs civikit on a real terminal, and types `key` as soon as it shows `question`.
 *
 * @param world Where its site is, and the folder that is its home.
 */
export async function typedKey(
  args: readonly string[],
  { question, key }: { readonly question: string; readonly key: string },
  { url, folder }: { readonly url: string; readonly folder: string },
): Promise<TypedKey> {
  const words = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--config", join(root, "deno.json")];
  words.push(...await registryFlags(root), join(root, "cli", "main.ts"), ...args);
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("timeout", {
    args: ["60", "script", "-qec", quoted, "/dev/null"],
    env: { CIVIKIT_BASE_URL: url, CIVIKIT_MONITOR: "off", CIVIKIT_CACHE: "off", HOME: folder, LANG: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  let screen = "";
  let isAsked = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (isAsked || !screen.includes(question)) continue;
    isAsked = true;
    await writer.write(new TextEncoder().encode(`${key}\n`));
  }
  await writer.close().catch(() => {});
  return { screen, isAsked, code: (await child.status).code };
}
