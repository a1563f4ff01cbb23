import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sandboxFaults } from "../../../cli/run/sandbox/sandbox_faults.ts";
import { sandboxText } from "../../../cli/texts/sandbox.ts";
import { sandboxCommand } from "../../../cli/commands/sandbox.ts";
import { embeddedCivitai, trials } from "../../../testing/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { inWorld } from "../_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const has = (program: string) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success;

/** `civikit` in a process of its own, with these rights. */
async function civikit(rights: readonly string[], args: readonly string[]): Promise<Deno.Command> {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--quiet", "--no-check", ...rights, ...await registryFlags(root)],
      ...[join(root, "cli", "main.ts"), ...args],
    ],
    env: { NO_COLOR: "1", CIVIKIT_LANG: "en" },
    ...{ stdout: "piped", stderr: "piped" },
  });
}

const cliRights = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys"];

Deno.test({
  name: "civikit sandbox serves a Civitai, shows what it is asked and which faults struck, and ends at Ctrl-C",
  ignore: Deno.build.os === "windows",
  async fn() {
    const sandbox = (await civikit(cliRights, ["sandbox", "--json", "--faults", "range,429"])).spawn();
    const lines = sandbox.stdout.pipeThrough(new TextDecoderStream());
    let text = "";
    const reader = lines.getReader();
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read();
        assert(!done, text);
        text += value;
      }
    };
    await until(/"listening".*\n/);
    const { url, faults } = JSON.parse(text.split("\n")[0]!);
    assertEquals(faults, ["range", "429"]);
    assertEquals((await fetch(`${url}/api/v1/models/1001`).then((r) => (r.body?.cancel(), r))).status, 429);
    const folder = await Deno.makeTempDir();
    try {
      const { code, stderr } = await (await civikit(cliRights, [
        ...["download", "2020", "--dir", folder, "--base-url", url, "--no-monitor"],
      ])).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    await until(/"place":"storage"[^\n]*"ignore_range"/);
    assertMatch(text, /"place":"api","method":"GET","path":"\/api\/download\/models\/2020","status":307/);
    sandbox.kill("SIGINT");
    assertEquals((await sandbox.status).code, 0);
    await reader.cancel();
    assertEquals(await new Response(sandbox.stderr).text(), "");
  },
});

Deno.test({
  name: "civikit sandbox check runs a program through trials and says what came of each",
  ignore: !has("curl"),
  async fn() {
    const asked = ["sandbox", "check", "--only", "plain,resets,login_page,redirected_key"];
    const command = ["--", "curl", "-sS", "-L", "-H", "{header}", "-o", "{out}", "{url}"];
    const rights = [...cliRights, "--allow-run=curl"];
    const { code, stdout, stderr } = await (await civikit(rights, [...asked, "--json", ...command])).output();
    const events = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(code, 7);
    assertEquals(events.map(({ event, name, verdict, isGood }) => [event, name, verdict, isGood].join(" ").trim()), [
      "trial plain right true",
      "trial resets left_broken false",
      "trial redirected_key right true",
      "trial login_page wrong false",
      "summary",
    ]);
    const table = await (await civikit(rights, [...asked, "--markdown", ...command])).output();
    assertMatch(
      new TextDecoder().decode(table.stdout),
      /^\| three resets in mid-body \| \*\*BROKEN FILE LEFT\*\*, exit \d+ \|$/m,
    );
  },
});

Deno.test({
  name: "civikit sandbox check kills what the program started as well",
  ignore: !has("curl") || Deno.build.os === "windows",
  async fn() {
    const again = 'curl -sSf -C - -o "$1" "$2"; exit $?';
    const { code, stdout } = await (await civikit([...cliRights, "--allow-run"], [
      ...["sandbox", "check", "--only", "killed", "--", "sh", "-c", again, "sh", "{out}", "{url}"],
    ])).output();
    assertMatch(new TextDecoder().decode(stdout), /^right file, exit 0 /);
    assertEquals(code, 0);
  },
});

Deno.test("civikit sandbox check without the right to run, or without the program, says what to do", async () => {
  const call = (program: string) => ["sandbox", "check", "--only", "plain", "--", program, "{out}", "{url}"];
  const without = await (await civikit(cliRights, call("sh"))).output();
  assertMatch(
    new TextDecoder().decode(without.stderr),
    /running "sh".*--allow-run=sh[\s\S]*deno install .*--allow-run /,
  );
  const missing = await (await civikit([...cliRights, "--allow-run"], call("civikit-no-such-program"))).output();
  assertEquals(missing.code, 2);
  assertMatch(new TextDecoder().decode(missing.stderr), /civikit-no-such-program.*cannot be started/);
});

Deno.test("civikit sandbox refuses what it cannot do and names it", () =>
  inWorld(async ({ run }) => {
    const table: [string[], RegExp][] = [
      [["sandbox", "--faults", "reset,thunder"], /"thunder" is none of .*reset, fin/],
      [["sandbox", "chek"], /chek.*check/],
      [["sandbox", "check"], /after --/],
      [["sandbox", "check", "--", "curl", "{out}"], /\{url\}/],
      [["sandbox", "check", "--only", "none", "--", "curl", "{out}", "{url}"], /"none" is none of plain/],
      [["sandbox", "check", "--port", "80", "--", "curl", "{out}", "{url}"], /--port/],
      [["sandbox", "--markdown"], /--markdown/],
      [["sandbox", "--port", "70000"], /70000/],
    ];
    for (const [args, words] of table) {
      const { code, io } = await run(args);
      assertEquals(code, 2, args.join(" "));
      assertMatch(io.err, words);
    }
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { code, io } = await run(["sandbox", "--port", String((taken.addr as Deno.NetAddr).port)]);
    assertEquals(code, 2);
    assertMatch(io.err, /in use/);
  }));

Deno.test("the words of --faults, of its completion and of the trials are the ones there are", () => {
  const flag = sandboxCommand.flags["faults"]!;
  assertEquals([..."suggests" in flag ? flag.suggests ?? [] : []].sort(), Object.keys(sandboxFaults).sort());
  for (const locale of ["en", "zh-TW"] as const) {
    assertEquals(Object.keys(sandboxText[locale].trials).sort(), trials(1e6).map(({ name }) => name).sort());
  }
  for (const apply of Object.values(sandboxFaults)) apply(embeddedCivitai());
});
