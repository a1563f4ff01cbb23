import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { originOf, sealed } from "../../../cli/run/units/seal.ts";
import { serviceStatus } from "../../../cli/run/units/service_status.ts";
import { version } from "../../../transport/mod.ts";
import { startCivitai } from "../../_civitai/mod.ts";
import { main } from "../../../cli/mod.ts";
import { testIo } from "../_io.ts";
import { ran, root, serve, withHome } from "./_service.ts";
import { freePort } from "../../_support/free_port.ts";

const isLinux = Deno.build.os === "linux";
const unitIn = (home: string) => join(home, "config", "systemd", "user", "civikit.service");

/** The command in this process. */
async function run(args: readonly string[], env: Record<string, string>) {
  const io = testIo({ env });
  return { code: await main(["service", ...args], io), out: io.out, err: io.err };
}

Deno.test({
  name: "civikit service install writes the unit of this user once, and prints what is left to run",
  ignore: !isLinux,
  fn: () =>
    withHome(async (home, env) => {
      const models = join(home, "my models");
      const first = await run(["install", models, "--json"], env);
      const unit = await Deno.readTextFile(unitIn(home));
      assertEquals(Deno.statSync(unitIn(home)).mode! & 0o777, 0o644);
      assertStringIncludes(unit, `WorkingDirectory=${models}\n`);
      assertStringIncludes(unit, `Environment=CIVIKIT_STATE_DIR=${join(home, "state")}\n`);
      assertEquals(JSON.parse(first.out), {
        path: unitIn(home),
        kind: "systemd-user",
        result: "written",
        commands: [
          `mkdir -p '${models}'`,
          "systemctl --user daemon-reload",
          "systemctl --user enable --now civikit.service",
          "loginctl enable-linger someone",
        ],
      });
      assertEquals(first.code, 0);
      const again = await run(["install", models, "--json"], env);
      assertEquals([again.code, JSON.parse(again.out).result], [0, "unchanged"]);
      const other = await run(["install", home, "--port", "9001", "--json"], env);
      const { result, commands } = JSON.parse(other.out);
      assertEquals([other.code, result], [0, "replaced"]);
      assert(commands.includes("systemctl --user restart civikit.service"));
      assertStringIncludes(await Deno.readTextFile(unitIn(home)), "/cli/main.ts serve --port=9001\n".slice(-18));
      assertEquals([...Deno.readDirSync(join(home, "config", "systemd", "user"))].map(({ name }) => name), [
        "civikit.service",
      ]);
    }),
});

Deno.test({
  name: "a unit that someone changed, or of another program, is never replaced: a diff says what would change",
  ignore: !isLinux,
  fn: () =>
    withHome(async (home, env) => {
      await run(["install", home], env);
      const edited = (await Deno.readTextFile(unitIn(home))).replace("RestartSec=10", "RestartSec=99");
      for (const text of [edited, "[Service]\nExecStart=/bin/true\n"]) {
        await Deno.writeTextFile(unitIn(home), text);
        const { code, out, err } = await run(["install", home], env);
        assertEquals(code, 8);
        assertStringIncludes(err, "next: Keep it as it is, or put your changes into a drop-in");
        assertStringIncludes(out, text === edited ? "\n-RestartSec=99\n+RestartSec=10\n" : "\n-ExecStart=/bin/true\n");
        const removal = await run(["uninstall"], env);
        assertEquals([removal.code, removal.out], [1, ""]);
        assertStringIncludes(removal.err, "is kept");
        assertEquals(await Deno.readTextFile(unitIn(home)), text);
      }
    }),
});

Deno.test({
  name: "civikit service uninstall removes the unit and the link that starts it, and leaves all else",
  ignore: !isLinux,
  fn: () =>
    withHome(async (home, env) => {
      await run(["install", home], env);
      const wants = join(home, "config", "systemd", "user", "default.target.wants");
      await Deno.mkdir(wants);
      await Deno.symlink(unitIn(home), join(wants, "civikit.service"));
      await Deno.writeTextFile(join(wants, "other.service"), "");
      const { code, out } = await run(["uninstall"], env);
      assertEquals(code, 0);
      assertStringIncludes(out, "  systemctl --user stop civikit.service\n");
      assertEquals([...Deno.readDirSync(wants)].map(({ name }) => name), ["other.service"]);
      const absent = await run(["uninstall"], env);
      assertEquals(absent.code, 0);
      assertStringIncludes(absent.err, "is not there");
    }),
});

Deno.test("civikit service asks for a folder where none is known, and knows the one of the settings", () =>
  withHome(async (home, env) => {
    const none = await run(["install"], env);
    assertEquals(none.code, 2);
    assertStringIncludes(none.err, "which folder do models go to?");
    await main(["config", "set", "root", join(home, "models")], testIo({ env }));
    const { out } = await run(["print", isLinux ? "systemd-user" : "launchd"], env);
    if (isLinux) assertStringIncludes(out, `WorkingDirectory=${join(home, "models")}\n`);
    assert(!/^Environment=CIVIKIT_ROOT/m.test(out), "the page of the settings may change it");
  }));

Deno.test("civikit service print takes the kinds it knows, names the one that was meant, and writes nothing", () =>
  withHome(async (home, env) => {
    for (const kind of ["systemd", "systemd-user", "launchd", "servy", "winsw", "task"]) {
      const { code, out, err } = await run(["print", kind, "/srv/models"], env);
      assertEquals(code, 0, err);
      assertStringIncludes(out, "civikit-unit: sha256:");
    }
    for (const kind of ["compose", "quadlet"]) {
      const { code, out } = await run(["print", kind, "/srv/models"], env);
      assertEquals([code, out.includes("/srv/models:/models")], [0, true]);
    }
    assertStringIncludes((await run(["print", "systemd-usr"], env)).err, '"systemd-usr" is none of systemd-user');
    assertEquals((await run(["print"], env)).code, 2);
    assertEquals([...Deno.readDirSync(home)], []);
  }));

Deno.test(
  "a service in the home of its user is told that the unit of the machine hides it",
  { ignore: !isLinux },
  () =>
    withHome(async (_home, env) => {
      const { err } = await run(["print", "systemd", "/srv/models"], env);
      const isHidden = Deno.execPath().startsWith("/root/") || Deno.execPath().startsWith("/home/");
      assertEquals(err.includes("ProtectHome= hides the homes"), isHidden);
    }),
);

Deno.test("civikit service status: not running is 5, a service that runs is 0 with its process, queue and versions", () =>
  withHome(async (home, env) => {
    await using civitai = await startCivitai();
    const own = { ...env, CIVIKIT_BASE_URL: civitai.url };
    const port = String(freePort());
    const stopped = await run(["status", "--port", port, "--json"], own);
    assertEquals(stopped.code, 5);
    const { level, unit, process, health, silence } = JSON.parse(stopped.out);
    assertEquals([level, unit?.state ?? "absent", process, health], ["stopped", "absent", null, null]);
    assert(/refused|connect/i.test(silence), silence);
    await using served = await serve(own);
    await ran(["queue", "add", "999999999"], own);
    const running = await run(["status", "--port", String(served.port), "--json"], own);
    const found = JSON.parse(running.out);
    assertEquals(found.process.pid, served.pid);
    assertEquals(found.versions, { command: version, service: version, unit: null });
    assertEquals(Object.keys(found.health.checks), ["http_client", "cache", "disk_space", "memory", "watch"]);
    assertEquals(Object.values(found.queue as Record<string, number>).reduce((sum, count) => sum + count, 0), 1);
    // a disk that is nearly full makes it a warning, here as for everybody
    assertEquals(running.code, found.health.level === "ok" ? 0 : 1);
    const shown = await run(["status", "--port", String(served.port)], own);
    assertStringIncludes(shown.out, `http://127.0.0.1:${served.port}`);
    if (isLinux) {
      await run(["install", home], env);
      await Deno.writeTextFile(unitIn(home), "# mine\n", { append: true });
      assertEquals(
        JSON.parse((await run(["status", "--port", String(served.port), "--json"], own)).out).level,
        "warning",
      );
    }
  }));

Deno.test({
  name: "a unit is outdated by another civikit, not by the variables of who looks",
  ignore: !isLinux,
  fn: () =>
    withHome(async (home, env) => {
      await run(["install", home], env);
      const port = String(freePort());
      const state = async (more: Record<string, string> = {}) =>
        JSON.parse((await run(["status", "--port", port, "--json"], { ...env, ...more })).out).unit.state;
      assertEquals(await state(), "current");
      assertEquals(await state({ CIVIKIT_BASE_URL: "https://civitai.red", DENO_DIR: "/elsewhere" }), "current");
      const unit = await Deno.readTextFile(unitIn(home));
      const body = unit.split("\n").slice(0, -3).join("\n").replace("RestartSec=10", "RestartSec=5");
      await Deno.writeTextFile(unitIn(home), sealed(body, { ...originOf(unit)!, version: "0.0.9" }));
      assertEquals(await state(), "outdated");
      assertEquals(JSON.parse((await run(["install", home, "--json"], env)).out).result, "replaced");
    }),
});

Deno.test(
  "civikit service status finds the port of the unit",
  { ignore: !isLinux },
  () =>
    withHome(async (home, env) => {
      await run(["install", home, "--port", "9123"], env);
      assertEquals(JSON.parse((await run(["status", "--json"], env)).out).url, "http://127.0.0.1:9123");
    }),
);

Deno.test("civikit service health is one line and 0 or 1, with the right to this one port and to its own files", () =>
  withHome(async (_home, env) => {
    await using civitai = await startCivitai();
    const served = await serve({ ...env, CIVIKIT_BASE_URL: civitai.url });
    const { port } = served;
    const args = ["service", "health", "--port", String(port)];
    const rights = [`--allow-net=127.0.0.1:${port}`, `--allow-read=${root}`];
    const well = await ran(args, {}, rights);
    await served[Symbol.asyncDispose]();
    assertEquals([well.code, well.out, well.err], [0, `ok: http://127.0.0.1:${port}, civikit ${version}\n`, ""]);
    const ill = await ran(args, {}, rights);
    assertEquals([ill.code, ill.out.split("\n").length, ill.err], [1, 2, ""]);
    assertStringIncludes(ill.out, `not running: http://127.0.0.1:${port}: `);
  }));

Deno.test("civikit service health opens a service that wants a token, from the variable or the credential", () =>
  withHome(async (home, env) => {
    const token = "a-token-of-twenty-six-chars";
    const credentials = join(home, "credentials");
    await Deno.mkdir(credentials);
    await Deno.writeTextFile(join(credentials, "serve_token"), `${token}\n`);
    await using served = await serve({ ...env, CREDENTIALS_DIRECTORY: credentials });
    const url = `http://127.0.0.1:${served.port}/healthz`;
    const without = await fetch(url);
    await without.body?.cancel();
    assertEquals(without.status, 401);
    const args = ["health", "--port", String(served.port)];
    assertEquals(
      (await run(args, env)).out.trim(),
      `not running: http://127.0.0.1:${served.port}: HTTP 401: it wants the token, in CIVIKIT_SERVE_TOKEN`,
    );
    for (const more of [{ CIVIKIT_SERVE_TOKEN: token }, { CREDENTIALS_DIRECTORY: credentials }]) {
      assertEquals((await run(args, { ...env, ...more })).code, 0);
    }
    await Deno.writeTextFile(join(credentials, "serve_token"), "none");
    assertEquals((await run(args, { ...env, CREDENTIALS_DIRECTORY: credentials })).code, 1);
  }));

Deno.test("who answers on the port and is no civikit is told from one that runs", () =>
  withHome(async (_home, env) => {
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => Response.json({ a: 1 }));
    const place = { host: "127.0.0.1", port: server.addr.port, token: undefined };
    const status = await serviceStatus({ env: (name) => env[name], unit: undefined, place });
    assertEquals([status.level, status.silence], ["stopped", "not a civikit"]);
  }));
