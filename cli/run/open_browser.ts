import { isGranted } from "../settings/rights.ts";

const openers: Partial<Readonly<Record<typeof Deno.build.os, string>>> = { darwin: "open", windows: "explorer.exe" };

/**
 * Opens an address in the browser of this machine; resolves when what opens it has ended, which may be when the browser
 * does, with false where that is not allowed, or there is nothing to open it.
 */
export async function openBrowser(url: string): Promise<boolean> {
  const command = openers[Deno.build.os] ?? "xdg-open";
  if (!isGranted([{ name: "run", command }])) return false;
  try {
    const child = new Deno.Command(command, { args: [url], stdin: "null", stdout: "null", stderr: "null" }).spawn();
    // the browser stays when the program ends
    child.unref();
    // explorer.exe says 1 when all is well
    return (await child.status).success || Deno.build.os === "windows";
  } catch {
    return false;
  }
}
