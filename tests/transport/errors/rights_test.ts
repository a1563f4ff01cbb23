import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { ensureFolder, ownError, wrapDiskError } from "../../../transport/internal.ts";
import { CivikitError, type ErrorReason, fetchTransport, NetworkError } from "../../../transport/mod.ts";

/** Code, reason and message of what `work` throws. */
async function thrown(work: () => unknown): Promise<readonly unknown[]> {
  try {
    await work();
  } catch (error) {
    const own = ownError(error);
    if (own instanceof CivikitError) return [own.code, own.reason, own.message];
    throw error;
  }
  return [];
}

function disk(path: string, work: () => unknown): () => void {
  return () => {
    try {
      work();
    } catch (error) {
      throw wrapDiskError(error, path, "opening");
    }
  };
}

const denied: readonly (readonly [what: string, reason: ErrorReason, message: string, work: () => unknown])[] = [
  ["reading a file", "read_right", 'opening "/x": requires read access to "/x"', disk("/x", () => Deno.statSync("/x"))],
  [
    "opening a database",
    "read_right",
    'opening "/x": requires read access to "/x"',
    disk("/x", () => new DatabaseSync("/x")),
  ],
  [
    "making a folder",
    "write_right",
    'making the folder "/x/y, run again": requires write access to "/x/y, run again"',
    () => ensureFolder("/x/y, run again"),
  ],
  [
    "a request",
    "net_right",
    'fetching "https://a.example/?[redacted]": requires net access to "a.example:443"',
    () => fetchTransport().fetch(new Request("https://a.example/?token=ab")),
  ],
  ["a server", "net_right", 'working: requires net access to "127.0.0.1:0"', () => {
    Deno.listen({ hostname: "127.0.0.1", port: 0 });
  }],
  ["a variable", "env_right", 'working: requires env access to "HOME"', () => Deno.env.get("HOME")],
  ["facts of the system", "sys_right", 'working: requires sys access to "osRelease"', () => Deno.osRelease()],
  ["another program", "run_right", 'working: requires run access to "ls"', () => new Deno.Command("ls").outputSync()],
];

for (const [what, reason, message, work] of denied) {
  Deno.test({
    name: `a right that ${what} lacks is permission_denied with the reason ${reason}`,
    permissions: "none",
    fn: async () => assertEquals(await thrown(work), ["permission_denied", reason, message]),
  });
}

Deno.test("ownError() leaves everything else as it is", () => {
  for (const error of [new Error("Requires thought"), "Requires net access", undefined]) {
    assertEquals(ownError(error), error);
  }
  const own = new NetworkError("x", { code: "dns_failed", url: "" });
  assertEquals(ownError(own), own);
});
