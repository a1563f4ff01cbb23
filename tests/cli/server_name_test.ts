import { assertEquals } from "@std/assert";
import { main } from "../../cli/main.ts";
import { testIo } from "./_io.ts";
import { events } from "./_world.ts";

/** Runs `civikit download` for paths of a server that answers each with its path, named by `?name=`. */
async function download(paths: readonly string[], ...options: readonly string[]) {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const { pathname, searchParams } = new URL(url);
    const name = searchParams.get("name");
    const disposition = name === null ? {} : { "content-disposition": `attachment; filename="${name}"` };
    return new Response(`bytes of ${pathname}`, {
      headers: { "content-type": "application/octet-stream", ...disposition },
    });
  });
  const home = await Deno.makeTempDir();
  const dir = `${home}/d`;
  try {
    const io = testIo({ env: { HOME: home, CIVIKIT_CACHE: "off", CIVIKIT_MONITOR: "off" } });
    const urls = paths.map((path) => `http://127.0.0.1:${server.addr.port}${path}`);
    const code = await main(["download", ...urls, "--dir", dir, "--jobs", "1", ...options], io);
    const files = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    return { code, files: files.map((name) => [name, Deno.readTextFileSync(`${dir}/${name}`)]), io, dir };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("civikit download names the file of a URL as its server does, and says so", async () => {
  const { code, files, io, dir } = await download(["/download?name=lantern%20v2.bin"]);
  assertEquals([code, files], [0, [["lantern v2.bin", "bytes of /download"]]]);
  assertEquals(io.err.includes(`${dir}/lantern v2.bin`), true, io.err);
  const json = await download(["/download?name=lantern.bin"], "--json");
  const { path } = events(json.io).find(({ event }) => event === "done")!;
  assertEquals(String(path).endsWith("/d/lantern.bin"), true);
  assertEquals((await download(["/a.bin"])).files, [["a.bin", "bytes of /a.bin"]]);
});

Deno.test("civikit download --output wins over the server's name", async () => {
  assertEquals((await download(["/a?name=b.bin"], "--output", "c.bin")).files, [["c.bin", "bytes of /a"]]);
});

Deno.test("civikit download gives two URLs with one name a file each, whoever has named them", async () => {
  const { code, files } = await download(["/1/x?name=a.bin", "/2/y?name=a.bin", "/3/a.bin", "/4/a.bin?name=a.bin"]);
  assertEquals([code, files.map(([, text]) => text).sort()], [
    0,
    ["bytes of /1/x", "bytes of /2/y", "bytes of /3/a.bin", "bytes of /4/a.bin"],
  ]);
});
