import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../cli/mod.ts";
import { testIo } from "../_io.ts";
import { inState, startServe } from "./_serve.ts";

Deno.test("civikit serve --pair prints address and token of a service that runs, which let a script in and nothing more", () =>
  inState(async (civitai, folder, env) => {
    await using running = await startServe(folder, env);
    const ask = async (token: string, path: string) => {
      const fromThere = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "cors",
        origin: new URL(civitai.url).origin,
      };
      const headers = { ...fromThere, authorization: `Bearer ${token}` };
      const response = await fetch(running.url + path, { headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await ask("none", "/api/v1/library?have=1"), 401);
    const io = testIo({ env: { ...env, CIVIKIT_SERVE_PORT: "9123" }, isTerminal: true });
    assertEquals(await main(["serve", "--pair"], io), 0, io.err);
    const [address, token = ""] = io.out.split("\n");
    assertEquals(address, "http://127.0.0.1:9123/");
    assertMatch(token, /^[\w-]{43}$/);
    assertStringIncludes(io.err, "ssh -L 9123:127.0.0.1:9123");
    assertEquals([await ask(token, "/api/v1/library?have=1"), await ask(token, "/api/v1/settings")], [200, 403]);
    const again = testIo({ env });
    assertEquals(await main(["serve", "--pair"], again), 0);
    assert(again.out.endsWith(`/\n${token}\n`) && again.err === "", again.out + again.err);
  }));
