import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { filledUnit, type UnitParts } from "../../../cli/run/units/fill.ts";
import { programOf } from "../../../cli/run/units/program.ts";
import { sealed } from "../../../cli/run/units/seal.ts";
import { startCivitai } from "../../_civitai/mod.ts";
import { sha256 } from "../_world.ts";
import { bootMachine, machineProgram, whyNoMachine } from "./_machine.ts";
import { root } from "./_service.ts";
import { freePort } from "../../_support/free_port.ts";

const hasAnalyze = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].some((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
const noMachine = await whyNoMachine();

const origin = { version: "0.1.0", roots: ["/srv/models"], isRootGiven: true, options: [], env: {}, logs: null };
const parts = (words: readonly string[], folder: string): UnitParts => ({
  ...{ words, roots: [folder], isDeno: true, isRootGiven: true, env: {}, logs: undefined },
});

async function analyze(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["--no-pager", ...args],
    env: { SYSTEMD_COLORS: "0", SYSTEMD_EMOJI: "0", XDG_RUNTIME_DIR: Deno.env.get("TMPDIR") ?? "/tmp" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** The units that start this checkout with this Deno. */
async function withUnits(work: (system: string, user: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const main = `file://${join(root, "cli", "main.ts")}`;
    const program = programOf({ main, execPath: Deno.execPath(), isStandalone: false, resolve: () => "jsr:" });
    const paths = (["systemd", "systemd-user"] as const).map((kind) => {
      const path = join(folder, kind, "civikit.service");
      Deno.mkdirSync(join(folder, kind));
      Deno.writeTextFileSync(path, sealed(filledUnit(kind, parts([...program.words, "serve"], folder)), origin));
      return path;
    });
    await work(paths[0]!, paths[1]!);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "systemd-analyze verify has nothing to say about the units, once they start a program that is there",
  ignore: !hasAnalyze,
  fn: () =>
    withUnits(async (system, user) => {
      assertEquals(await analyze("verify", "--man=no", system), { code: 0, text: "" });
      assertEquals(await analyze("verify", "--man=no", "--user", user), { code: 0, text: "" });
    }),
});

Deno.test({
  name: "systemd-analyze security rates the unit of the machine at most 2.0",
  ignore: !hasAnalyze,
  fn: () =>
    withUnits(async (system) => {
      const { code, text } = await analyze("security", "--offline=true", "--threshold=20", system);
      assertEquals(code, 0, text);
      const [, rate] = /Overall exposure level for \S+: (\d+\.\d)/.exec(text) ?? [];
      assert(Number(rate) <= 1.3, text);
    }),
});

Deno.test("every line of the sandbox stands under a reason, and what V8 does not survive is left out with one", async () => {
  const unit = await Deno.readTextFile(join(root, "deploy", "systemd", "civikit.service"));
  assert(!/^MemoryDenyWriteExecute=/m.test(unit));
  assert(/^# MemoryDenyWriteExecute= is left out: V8 /m.test(unit));
  const sandbox = unit.slice(unit.indexOf("# Files:"), unit.indexOf("[Install]")).trim();
  for (const block of sandbox.split("\n\n")) assert(block.startsWith("# "), block);
});

Deno.test({
  name: `the hardened unit starts under a real systemd, downloads, verifies, writes no more than it may, and stops${
    noMachine === undefined ? "" : ` (skipped: ${noMachine})`
  }`,
  ignore: noMachine !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    await using civitai = await startCivitai({ bigBytes: 8 * 1024 ** 2, loraBytes: 64 * 1024 });
    try {
      const [models, output] = [join(folder, "models"), join(folder, "output")];
      Deno.mkdirSync(models);
      const port = freePort();
      const token = "a-token-of-root-for-the-service";
      const unit = filledUnit("systemd", {
        ...parts([...await machineProgram(), "serve", `--port=${port}`], "/srv/models"),
        isRootGiven: true,
      });
      await using machine = await bootMachine({
        folder,
        unit: sealed(unit, origin),
        dropIn: `[Service]\nEnvironment=CIVIKIT_BASE_URL=${civitai.url}\nStandardOutput=file:${output}\n`,
        models,
        secrets: { key: "demo-key", token },
      });
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const ask = async (path: string, body?: unknown) => {
        const method = body === undefined ? "GET" : "POST";
        const text = body === undefined ? null : JSON.stringify(body);
        return await fetch(`http://127.0.0.1:${port}${path}`, { headers, method, body: text });
      };
      for (;;) {
        const answer = await ask("/healthz").catch(() => undefined);
        await answer?.body?.cancel();
        if (answer !== undefined) break;
        const { text } = await machine.run("systemctl", "show", "civikit", "-p", "NRestarts,Result");
        assertStringIncludes(text, "Result=success", text);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // the token of the credential is what opens it
      const closed = await fetch(`http://127.0.0.1:${port}/api/v1/queue`);
      await closed.body?.cancel();
      assertEquals(closed.status, 401);
      // it runs with nothing: no rights, no way to more, a filter for the kernel
      const { text: pid } = await machine.run("systemctl", "show", "civikit", "-p", "MainPID", "--value");
      const { text: status } = await machine.run("cat", `/proc/${pid.trim()}/status`);
      assertStringIncludes(status, "CapEff:\t0000000000000000");
      assertStringIncludes(status, "CapBnd:\t0000000000000000");
      assertStringIncludes(status, "NoNewPrivs:\t1");
      assertStringIncludes(status, "Seccomp:\t2");
      // an early-access-free model, and one that wants the key that only root can read
      const added = await (await ask("/api/v1/queue", { references: ["2002", "2100"] })).json();
      for (const { id } of added.items as { id: string }[]) {
        for (;;) {
          const job = await (await ask(`/api/v1/queue/${id}`)).json();
          assert(job.state !== "failed", JSON.stringify(job));
          if (job.state === "done") {
            assertEquals(job.verdict, "verified");
            break;
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      const { file } = civitai.file(
        civitai.models.flatMap(({ versions }) => versions).find((one) => one.id === 2002)!.files[0]!.id,
      );
      const written = [...Deno.readDirSync(models)].map(({ name }) => name);
      const path = join(models, file.name);
      assert(written.includes(file.name), written.join());
      assertEquals(await sha256(path), await civitai.sha256(file.id));
      assertEquals([Deno.statSync(path).uid, Deno.statSync(path).mode! & 0o007], [990, 0]);
      const stopped = await machine.run("systemctl", "stop", "civikit");
      assertEquals(stopped.code, 0, stopped.text);
      const { text: result } = await machine.run(
        "systemctl",
        "show",
        "civikit",
        "-p",
        "Result,ExecMainStatus,NRestarts",
      );
      assertEquals(result.trim().split("\n").sort(), ["ExecMainStatus=0", "NRestarts=0", "Result=success"]);
      // the journal is no place for secrets
      const said = await Deno.readTextFile(output);
      assert(!said.includes(token) && !said.includes("demo-key"), said);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `the unit of one user starts under a real systemd and stops${
    noMachine === undefined ? "" : ` (skipped: ${noMachine})`
  }`,
  ignore: noMachine !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const models = join(folder, "models");
      Deno.mkdirSync(models);
      const port = freePort();
      const words = [...await machineProgram(), "serve", `--port=${port}`];
      await using machine = await bootMachine({
        folder,
        unit: sealed(filledUnit("systemd-user", parts(words, "/srv/models")), origin),
        // the first process of a machine is nobody's session: the home is what logging in would give
        dropIn: "[Service]\nEnvironment=HOME=/var/lib/someone DENO_DIR=/var/cache/civikit/deno\n",
        models,
        secrets: {},
      });
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
        await answer?.body?.cancel();
        if (answer?.status === 200) break;
        const { text } = await machine.run("systemctl", "show", "civikit", "-p", "Result");
        assertEquals(text.trim(), "Result=success");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const { text: pid } = await machine.run("systemctl", "show", "civikit", "-p", "MainPID", "--value");
      assertStringIncludes((await machine.run("cat", `/proc/${pid.trim()}/status`)).text, "NoNewPrivs:\t1");
      assertEquals((await machine.run("systemctl", "stop", "civikit")).code, 0);
      const { text: result } = await machine.run("systemctl", "show", "civikit", "-p", "Result,ExecMainStatus");
      assertEquals(result.trim().split("\n").sort(), ["ExecMainStatus=0", "Result=success"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
