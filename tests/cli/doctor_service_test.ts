import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { main } from "../../cli/mod.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { inWard } from "./_doctor.ts";
import { testIo } from "./_io.ts";
import { serve } from "./service/_service.ts";
import { freePort } from "../_support/free_port.ts";

const isLinux = Deno.build.os === "linux";

Deno.test("the doctor says whether a service runs, and who else has its port", () =>
  inWard(async ({ env, examine }) => {
    await using civitai = await startCivitai();
    const at = async (port: number) => {
      const { of } = await examine(civitai.url, { env: { CIVIKIT_SERVE_PORT: String(port) } });
      return of("service")[0]!;
    };
    const none = await at(freePort());
    assertEquals(none.level, "ok");
    assertStringIncludes(none.detail, "none is installed");
    {
      await using served = await serve({ ...env, CIVIKIT_BASE_URL: civitai.url });
      const running = await at(served.port);
      assertEquals(running.level, "ok");
      assertStringIncludes(running.detail, `http://127.0.0.1:${served.port} answers: civikit `);
    }
    for (const answer of [() => new Response("<p>hello"), () => new Response("", { status: 404 })]) {
      await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
      const taken = await at(other.addr.port);
      assertEquals(taken.level, "warning");
      assertStringIncludes(taken.detail, "another program answers at");
      assertStringIncludes(taken.next!, "civikit config set serve.port");
    }
  }));

Deno.test(
  "the doctor says why a service does not start",
  { ignore: !isLinux },
  () =>
    inWard(async ({ folder, env, examine }) => {
      await using civitai = await startCivitai();
      const port = String(freePort());
      const models = join(folder, "models");
      await Deno.mkdir(models);
      const install = () => main(["service", "install", models, "--port", port], testIo({ env }));
      assertEquals(await install(), 0);
      const unit = join(env["XDG_CONFIG_HOME"]!, "systemd", "user", "civikit.service");
      const look = async () => (await examine(civitai.url)).of("service");
      const [stopped] = await look();
      assertEquals(stopped!.level, "warning");
      assertStringIncludes(stopped!.detail, `nobody answers at http://127.0.0.1:${port}`);
      assertStringIncludes(stopped!.next!, "civikit service status");

      await Deno.remove(models);
      const [folderless] = await look();
      assertEquals(folderless!.level, "error");
      assertStringIncludes(folderless!.detail, `starts in ${models}, which is not there`);
      await Deno.mkdir(models);

      const text = await Deno.readTextFile(unit);
      await Deno.writeTextFile(unit, text.replace(Deno.execPath(), "/no/such/deno"));
      const [programless] = await look();
      assertEquals(programless!.level, "error");
      assertStringIncludes(programless!.detail, "starts /no/such/deno, which is not there");
      assertStringIncludes(programless!.next!, "civikit service install");
    }),
);

Deno.test("the doctor looks at the queue, too", () =>
  inWard(async ({ env, examine }) => {
    await using civitai = await startCivitai();
    const state = join(env["XDG_STATE_HOME"]!, "civikit");
    await Deno.mkdir(state, { recursive: true });
    await Deno.writeTextFile(join(state, "queue.sqlite"), "no database at all, whatever its name says".repeat(100));
    const lines = (await examine(civitai.url)).of("databases");
    assert(
      lines.some(({ level, detail }) => level === "error" && detail.includes("queue.sqlite")),
      JSON.stringify(lines),
    );
  }));
