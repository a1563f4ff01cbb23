import { assert, assertEquals } from "@std/assert";
import { main } from "../../cli/mod.ts";
import { testIo } from "./_io.ts";
import { events, inWorld } from "./_world.ts";

Deno.test("Ctrl-C ends every command with 130, and is no failure", () =>
  inWorld(async ({ civitai, folder, run }) => {
    const place = ["--project", folder];
    assertEquals((await run(["add", "2001", "--no-install", ...place, "--layout", "flat"])).code, 0);
    Deno.writeTextFileSync(`${folder}/x.pt`, "abc");
    assertEquals((await run(["scan", folder, "--offline", "--hashes", `${folder}/hashes`])).code, 0);
    for (
      const args of [
        ["scan", folder, "--again"],
        ["verify", folder, "--hashes", `${folder}/hashes`],
        ["outdated", ...place],
        ["install", ...place],
        ["update", ...place],
        ["models", "search"],
        ["images", "download", "--dir", `${folder}/images`],
        ["download", "2001", "--dir", `${folder}/files`],
      ]
    ) {
      for (const more of [[], ["--json"]]) {
        const io = testIo({ env: { CIVIKIT_BASE_URL: civitai.url } });
        const onInterrupt = (listener: (signal: Deno.Signal) => void) => {
          queueMicrotask(() => listener("SIGINT"));
          return () => {};
        };
        const name = [...args, ...more].join(" ");
        assertEquals(await main([...args, ...more], Object.assign(io, { onInterrupt })), 130, `${name}\n${io.err}`);
        assert(!io.err.includes("error"), `${name}\n${io.err}`);
        if (more.length > 0) assertEquals(events(io).filter(({ event }) => event === "error"), [], name);
      }
    }
  }));
