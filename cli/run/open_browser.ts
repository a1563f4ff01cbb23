import { isGranted } from "../settings/rights.ts";

const openers: Partial<Readonly<Record<typeof Deno.build.os, string>>> = { darwin: "open", windows: "explorer.exe" };

/** Opens an address in the browser of this machine; false where that is not allowed, or there is nothing to open it. */
export async function openBrowser(url: string): Promise<boolean> {
  const command = openers[Deno.build.os] ?? "xdg-open";
  if (!isGranted([{ name: "run", command }])) return false;
  try {
    const child = new Deno.Command(command, { args: [url], stdin: "null", stdout: "null", stderr: "null" }).spawn();
    // explorer.exe says 1 when all is well
    return (await child.status).success || Deno.build.os === "windows";
  } catch {
    return false;
  }
}
