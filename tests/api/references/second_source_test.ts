import { assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { templateSource } from "@civikit/civikit/api";
import { fetchTransport, InputError } from "@civikit/civikit/transport";
import { fetchFiles } from "../../../api/download/fetch_files.ts";
import { tree } from "../../cli/_world.ts";
import { inFolder } from "../library/_folder.ts";

Deno.test("a file that the site has no more comes from the second source, and only with the hash it has to have", () =>
  inFolder(async (folder) => {
    const bytes = new TextEncoder().encode("\0the weights");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const asked: string[] = [];
    let given = bytes;
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      return pathname === `/mirror/${sha256}` ? new Response(given) : new Response("gone", { status: 404 });
    });
    const base = `http://127.0.0.1:${server.addr.port}`;
    using transport = fetchTransport();
    const secondSource = templateSource(transport, `${base}/mirror/{sha256}`);
    const fetched = async (name: string, hashes: Record<string, string>) => {
      const file = { name, url: `${base}/site/${name}`, fallbackUrls: [], hashes, sizeBytes: undefined };
      for await (
        const { result, error } of fetchFiles(transport, [file], { secondSource, defaults: { root: folder } })
      ) {
        return result?.verified ?? (error as { code: string }).code;
      }
    };
    assertEquals(await fetched("a.bin", { SHA256: sha256.toUpperCase() }), true);
    assertEquals(await fetched("b.bin", {}), "not_found", "without a hash nobody else is asked");
    assertEquals(await fetched("c.bin", { SHA256: "00".repeat(32) }), "not_found", "the second one has it neither");
    given = new TextEncoder().encode("\0other weights");
    assertEquals(await fetched("d.bin", { SHA256: sha256 }), "hash_mismatch");
    assertEquals(tree(folder).filter((name) => /^[a-d]\.bin$/.test(name)), ["a.bin"]);
    assertEquals(asked.filter((path) => path.startsWith("/mirror/")).some((path) => path.endsWith("00")), true);
  }));

Deno.test("templateSource() refuses what names no hash, is not https, or holds a password", () => {
  const transport = { fetch: () => Promise.reject(new Error("no network")) };
  for (
    const template of [
      "https://mirror.example/files",
      "http://mirror.example/{sha256}",
      "https://me:secret@mirror.example/{sha256}",
      "{sha256}",
    ]
  ) {
    const error = assertThrows(() => templateSource(transport, template), InputError);
    assertEquals([error.code, error.message.includes("secret")], ["invalid_config", false]);
  }
});
