import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFile(join(root, path));

Deno.test({
  name: ".ci/install_tools asks for what is missing, and for each alone where one of them cannot be had",
  // where /usr/sbin is /usr/bin, everything is there
  ignore: Deno.build.os !== "linux" || existsSync("/usr/sbin/env"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const program = (name: string, text: string) =>
      Deno.writeTextFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    try {
      // no command is there but these; apt-get has no browser
      for (const name of ["tr", "sed"]) await Deno.symlink(`/usr/bin/${name}`, join(folder, name));
      await program("timeout", `shift; exec "$@"`);
      await program("env", `shift; exec "$@"`);
      await program("sudo", `shift; exec "$@"`);
      await program("apt-get", `echo "$*" >> ${folder}/log; case "$*" in *chromium*) exit 100; esac`);
      for (
        const name of [
          "aria2c",
          "curl",
          "openssl",
          "nginx",
          "tc",
          "google-chrome",
          "zsh",
          "fish",
          "groff",
          "caddy",
          "bwrap",
          "redis-server",
        ]
      ) {
        await program(name, "");
      }
      const run = async () => {
        const { code, stdout } = await new Deno.Command("/bin/bash", {
          args: [join(root, ".ci/install_tools")],
          env: { PATH: folder },
          clearEnv: true,
        }).output();
        return [code, new TextDecoder().decode(stdout).trim().split("\n").at(-1)];
      };
      assertEquals(await run(), [0, "== tools: could not be installed, their tests are skipped: wget prometheus"]);
      await Deno.remove(join(folder, "google-chrome"));
      await run();
      const install = "install -y -qq --no-install-recommends";
      assertEquals((await Deno.readTextFile(join(folder, "log"))).trim().split("\n"), [
        "update -qq",
        `${install} wget prometheus`,
        "update -qq",
        `${install} wget chromium prometheus`,
        `${install} wget`,
        `${install} chromium`,
        `${install} prometheus`,
      ]);
      for (const name of ["wget", "prometheus", "chromium-browser"]) await program(name, "");
      assertEquals(await run(), [0, ""]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("what CI installs is listed in one place", async () => {
  for (const path of [".ci/run", ".github/workflows/ci.yml", ".github/workflows/publish.yml"]) {
    const text = await read(path);
    assert(text.includes(".ci/install_tools"), path);
    assert(!text.includes("apt-get"), path);
  }
});
