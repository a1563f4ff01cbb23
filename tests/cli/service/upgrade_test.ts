import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../../cli/mod.ts";
import { scopeEnv } from "../../../cli/run/units/service_scope.ts";
import { keptFiles } from "../../../cli/run/upgrade/kept_files.ts";
import { isOlderVersion } from "../../../cli/run/upgrade/newer_version.ts";
import { upgradeCommands } from "../../../cli/run/upgrade/upgrade_commands.ts";
import { everyRight, heapOption } from "../../../cli/terminal/deno_flags.ts";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { version } from "../../../transport/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { testIo } from "../_io.ts";
import { ran, root, serve, withHome } from "./_service.ts";
import { freePort } from "../../_support/free_port.ts";

async function run(args: readonly string[], env: Record<string, string>) {
  const io = testIo({ env });
  return { code: await main(["upgrade", ...args], io), out: io.out, err: io.err };
}

function registry(answer: () => Response) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return new URL(request.url).pathname === "/@civikit/civikit/meta.json"
      ? answer()
      : new Response("", { status: 404 });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Settings, and a queue with one job. */
async function fill(env: Record<string, string>, reference = "2002"): Promise<string> {
  const path = join(env["CIVIKIT_STATE_DIR"]!, "queue.sqlite");
  await using queue = sqliteQueue(path);
  await queue.add([{ reference }]);
  return path;
}

async function references(path: string): Promise<string[]> {
  await using queue = sqliteQueue(path);
  return (await queue.list()).jobs.map(({ reference }) => reference);
}

Deno.test("versions are told apart by their numbers, and a taste comes before what it is a taste of", () => {
  const order = ["0.1.0-rc.1", "0.1.0", "0.1.9", "0.1.10", "0.2.0", "1.0.0"];
  order.forEach((one, i) =>
    order.forEach((other, j) => assertEquals(isOlderVersion(one, other), i < j, `${one} ${other}`))
  );
});

Deno.test("civikit upgrade says what is newest, by the registry of the settings, and prints what to run", () =>
  withHome(async (_home, env) => {
    let latest = "999.1.0";
    await using jsr = registry(() => Response.json({ scope: "civikit", name: "civikit", latest, versions: {} }));
    const own = { ...env, CIVIKIT_UPGRADE_REGISTRY: jsr.url };
    const newer = await run([], own);
    assertEquals(newer.code, 0);
    assertStringIncludes(newer.out, `999.1.0 is out; this is ${version}\n`);
    assertStringIncludes(newer.out, "civikit service install");
    // as a process of its own it knows that it runs from a checkout
    const { isNewer, commands } = JSON.parse((await ran(["upgrade", "check", "--json"], own)).out);
    assertEquals([isNewer, commands], [true, [`git -C ${root.replace(/\/$/, "")} pull --ff-only`]]);
    latest = version;
    assertEquals((await run([], own)).out, `${version} is the newest version\n`);
    latest = "not a version";
    const odd = await run([], own);
    assertEquals(odd.code, 5);
    assertStringIncludes(odd.err, "no versions of a package");
  }));

Deno.test("civikit upgrade without a network says so, and is not a success", () =>
  withHome(async (_home, env) => {
    const url = `http://127.0.0.1:${freePort()}`;
    const { code, out, err } = await run([], { ...env, CIVIKIT_UPGRADE_REGISTRY: url, CIVIKIT_RETRY_MAX: "0" });
    assertEquals([code, out], [5, ""]);
    assertStringIncludes(err, url);
  }));

Deno.test("the command for the upgrade is the one of the way it was installed", () => {
  const flags = [heapOption, ...everyRight].join(" ");
  const commands = (kind: "checkout" | "package" | "bundle" | "binary", words: string[], files: string[]) =>
    upgradeCommands({ kind, words, files }, "1.2.3");
  assertEquals(commands("checkout", ["/deno"], ["/deno", "/opt/my civikit/cli/main.ts"]), [
    "git -C '/opt/my civikit' pull --ff-only",
  ]);
  assertEquals(commands("package", ["/deno"], ["/deno"]), [
    `deno install -g -f -n civikit ${flags} jsr:@civikit/civikit@1.2.3/cli`,
  ]);
  const checked = "sha256sum --check --ignore-missing SHA256SUMS";
  assertEquals(commands("bundle", ["/deno"], ["/deno", "/srv/civikit/civikit.js"]), [
    checked,
    "tar -xzf civikit-1.2.3.tar.gz --strip-components=1 -C /srv/civikit",
  ]);
  if (Deno.build.os === "windows") return;
  assertEquals(commands("binary", ["/bin/civikit"], ["/bin/civikit"]), [
    checked,
    `install -m 0755 civikit-1.2.3-${Deno.build.target} /bin/civikit`,
  ]);
});

Deno.test("a backup is whole while a service runs, holds no key, and comes back as it was", () =>
  withHome(async (home, env) => {
    await main(["config", "set", "retry.max", "7"], testIo({ env }));
    await Deno.writeTextFile(join(home, "config", "civikit", "key"), "key-of-nobody-else", { mode: 0o600 });
    const path = await fill(env);
    const folder = join(home, "backup");
    {
      await using _served = await serve(env);
      const { code, out } = await run(["backup", folder, "--json"], env);
      assertEquals(code, 0, out);
      const names = (JSON.parse(out).files as { name: string }[]).map(({ name }) => name);
      assert(["config.json", "queue.sqlite", "stats.sqlite"].every((name) => names.includes(name)), names.join());
      assertEquals([...Deno.readDirSync(folder)].filter(({ name }) => /key|pairing|\.tmp$/.test(name)), []);
      assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
      // what a service works on is not replaced under its hands
      const refused = await run(["restore", folder], env);
      assertEquals(refused.code, 8);
      assertStringIncludes(refused.err, "works on it");
    }
    await main(["config", "set", "retry.max", "1"], testIo({ env }));
    await fill(env, "2001");
    assertEquals((await run(["restore", folder], env)).code, 0);
    assertEquals(await references(path), ["2002"]);
    assertEquals((await references(`${path}.replaced`)).sort(), ["2001", "2002"]);
    const io = testIo({ env });
    await main(["config", "get", "retry.max"], io);
    assertEquals(io.out, "7\n");
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    if (Deno.build.os === "windows" || Deno.uid() !== 0) return;
    // root puts back what is another user's, and it stays theirs
    for (const one of [path, join(home, "state")]) Deno.chownSync(one, 990, 990);
    assertEquals((await run(["restore", folder], env)).code, 0);
    assertEquals([Deno.statSync(path).uid, Deno.statSync(path).gid], [990, 990]);
  }));

Deno.test({
  name: "for the service of the machine the files are where its unit keeps them, whatever the shell says",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const unit = await Deno.readTextFile(join(root, "deploy", "systemd", "civikit.service"));
    const given = Object.fromEntries(
      [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const mine: Record<string, string> = {
      HOME: "/home/me",
      CIVIKIT_STATE_DIR: "/home/me/state",
      XDG_CONFIG_HOME: "/x",
    };
    const env = scopeEnv("system", (name) => mine[name]);
    const files = keptFiles({ env });
    assertEquals(files, keptFiles({ env: (name) => given[name] }));
    assertEquals(files.map(({ path }) => path).filter((path) => !/^\/var\/(?:lib|cache)\/civikit\//.test(path)), []);
    assertEquals(scopeEnv("user", (name) => mine[name])("HOME"), "/home/me");
  },
});

Deno.test("a backup goes into no folder that is there, and one that was touched is not put back", () =>
  withHome(async (home, env) => {
    const path = await fill(env);
    const folder = join(home, "backup");
    assertEquals((await run(["backup", folder], env)).code, 0);
    const again = await run(["backup", folder], env);
    assertEquals(again.code, 8);
    assertStringIncludes(again.err, "it is there already");
    const before = await Deno.readFile(path);
    await Deno.writeTextFile(join(folder, "queue.sqlite"), "x", { append: true });
    const touched = await run(["restore", folder], env);
    assertStringIncludes(touched.err, '"queue.sqlite" was changed');
    assert(touched.code !== 0);
    await Deno.remove(join(folder, "queue.sqlite"));
    assertStringIncludes((await run(["restore", folder], env)).err, '"queue.sqlite" is missing');
    assertStringIncludes((await run(["restore", home], env)).err, "there is no backup.json");
    assertEquals(await Deno.readFile(path), before);
    assertEquals((await run(["restore"], env)).code, 2);
  }));

Deno.test("migrate takes databases of older layouts to this one, and refuses those of a newer civikit", () =>
  withHome(async (home, env) => {
    assertStringIncludes((await run(["migrate"], env)).out, "no databases yet");
    const path = await fill(env);
    const layout = (to?: number) => {
      using db = new DatabaseSync(path);
      if (to !== undefined) db.exec(`PRAGMA user_version = ${to}`);
      return db.prepare("PRAGMA user_version").get()!["user_version"];
    };
    const now = layout();
    const same = await run(["migrate"], env);
    assertEquals([same.code, same.out], [0, `queue.sqlite: layout ${now}, nothing to do\n`]);
    layout(99);
    const newer = await run(["migrate", "--json"], env);
    assert(newer.code !== 0);
    assertEquals(JSON.parse(newer.out.split("\n")[0]!).code, "newer_format");
    assertEquals(layout(), 99);
    // the state of another program is never touched
    await Deno.writeTextFile(path, "no database");
    assert((await run(["migrate"], env)).code !== 0);
    assertEquals(await Deno.readTextFile(path), "no database");
    assertEquals([...Deno.readDirSync(join(home, "state"))].some(({ name }) => name.includes("corrupt")), false);
  }));

/** An installation: `civikit` is a script that is replaced by the upgrade; stop and start are scripts, too. */
async function installation(home: string, env: Record<string, string>) {
  const word = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const port = freePort();
  const real = [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--no-check", `--config=${join(root, "deno.json")}`],
    ...[...await registryFlags(root), "-A", join(root, "cli", "main.ts")],
  ].map(word).join(" ");
  const bin = join(home, "civikit");
  const script = async (name: string, text: string) => {
    const path = join(home, name);
    await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };
  const old = await script("old", `exec ${real} "$@"`);
  // the new one: takes the queue to a layout the old one does not know, as a new version does
  const bump = "import { DatabaseSync } from 'node:sqlite'; " +
    "const db = new DatabaseSync(Deno.args[0]); db.exec('PRAGMA user_version = 99'); db.close()";
  const queue = join(env["CIVIKIT_STATE_DIR"]!, "queue.sqlite");
  await Deno.writeTextFile(join(home, "bump.ts"), bump);
  const broken = await script(
    "broken",
    `case "$1 $2" in
"upgrade migrate") ${real} "$@" && ${word(Deno.execPath())} run -A --no-config ${word(join(home, "bump.ts"))} ${
      word(queue)
    } ;;
"serve "*) exit 1 ;;
*) exec ${real} "$@" ;;
esac`,
  );
  const better = await script("better", `[ "$1" = --version ] && echo civikit better && exit; exec ${real} "$@"`);
  const pidFile = join(home, "pid");
  const start = await script(
    "start",
    `${word(bin)} serve --port ${port} >/dev/null 2>${word(join(home, "log"))} & echo $! > ${word(pidFile)}`,
  );
  const stop = await script(
    "stop",
    `[ -f ${word(pidFile)} ] || exit 0; pid=$(cat ${word(pidFile)}); rm ${
      word(pidFile)
    }; kill "$pid" 2>/dev/null; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; exit 0`,
  );
  await Deno.copyFile(old, bin);
  const all = { NO_COLOR: "1", CIVIKIT_LANG: "en", ...env, CIVIKIT_SERVE_PORT: String(port) };
  const sh = async (program: string, args: readonly string[], more: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env: { ...all, ...more } })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, text: text(stdout) + text(stderr) };
  };
  return {
    queue,
    civikit: (...args: string[]) => sh(bin, args),
    start: () => sh(start, []),
    stop: () => sh(stop, []),
    upgrade: (to: "broken" | "better", backup: string) =>
      sh("sh", [join(root, "deploy", "upgrade.sh"), backup], {
        CIVIKIT: word(bin),
        STOP: word(stop),
        START: word(start),
        NEW: `cp ${word(to === "broken" ? broken : better)} ${word(bin)}`,
        OLD: `cp ${word(old)} ${word(bin)}`,
        TRIES: to === "broken" ? "8" : "20",
      }),
  };
}

Deno.test({
  name: "the seven steps of deploy/upgrade.sh: to a version that runs; to one that does not start, and back as it was",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withHome(async (home, env) => {
      await fill(env, "999999999");
      const place = await installation(home, env);
      await place.start();
      try {
        const good = await place.upgrade("better", join(home, "backup 1"));
        assertEquals(good.code, 0, good.text);
        const steps = [...good.text.matchAll(/^(\d)\. /gm)].map(([, step]) => step);
        assertEquals(steps, ["1", "2", "3", "4", "5", "6", "7"]);
        assertStringIncludes(good.text, "civikit better");

        const bad = await place.upgrade("broken", join(home, "backup 2"));
        assertEquals(bad.code, 1, bad.text);
        assertStringIncludes(bad.text, "7. back to the old version: the verification failed");
        assertStringIncludes(bad.text, "the old version runs again, as it was");
        // the new version had made of the queue what the old one cannot read; it works on the one of the backup
        using db = new DatabaseSync(`${place.queue}.replaced`, { readOnly: true });
        assertEquals(db.prepare("PRAGMA user_version").get()!["user_version"], 99);
        const status = JSON.parse((await place.civikit("service", "status", "--json")).text);
        assert(status.process !== null && status.health !== null, JSON.stringify(status));
        assertEquals(Object.values(status.queue as Record<string, number>).reduce((sum, n) => sum + n, 0), 1);
      } finally {
        await place.stop();
      }
    }),
});

Deno.test({
  name: "upgrade.sh begins nothing without the two commands, or where there can be no backup",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withHome(async (home, env) => {
      const script = join(root, "deploy", "upgrade.sh");
      const bare = await new Deno.Command("sh", { args: [script], env: { ...env, NEW: "", OLD: "" }, cwd: home })
        .output();
      assertEquals(bare.code, 2);
      const place = await installation(home, env);
      await Deno.mkdir(join(home, "backup"));
      const { code, text } = await place.upgrade("better", join(home, "backup"));
      assertEquals(code, 2, text);
      assert(!text.includes("2. stop"), text);
      const printed = testIo({ env });
      await main(["upgrade", "script"], printed);
      assertEquals(printed.out, await Deno.readTextFile(script));
    }),
});
