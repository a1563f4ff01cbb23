import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { settingsPort } from "../../../cli/settings/settings_port.ts";
import { settingKeys } from "../../../cli/settings/table.ts";
import { InputError } from "../../../transport/mod.ts";

Deno.test("settingsPort() lists, checks, sets and unsets by text, and never tells the key", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const values: Record<string, string> = { XDG_CONFIG_HOME: folder, CIVIKIT_RETRY_MAX: "9" };
    const port = settingsPort({ env: (name) => values[name], flags: { "serve.port": 0 } }, "civitai.com");
    const row = async (key: string) => (await port.list("zh-TW")).find((row) => row.key === key)!;
    assertEquals((await port.list("en")).map(({ key }) => key), [...settingKeys]);
    assertEquals(await row("timeouts.api"), {
      key: "timeouts.api",
      kind: "number",
      unit: "s",
      value: "30",
      source: "default",
      default: "30",
      range: "1-600",
      help: "API 的一個回答最多等多久",
    });
    assertEquals([(await row("serve.port")).source, (await row("retry.max")).source], ["flag", "environment"]);
    assertEquals([(await row("root")).value, (await row("root")).default], [null, null]);
    assertEquals(await port.check("timeouts.api", "60"), undefined);
    assertStringIncludes((await port.check("timeouts.api", "0"))!, "from 1 to 600 s");
    assertStringIncludes((await port.check("timeouts.apii", "1"))!, "none of that name");
    await port.set("timeouts.api", "60");
    assertEquals([(await row("timeouts.api")).value, (await row("timeouts.api")).source], ["60", "file"]);
    await assertRejects(() => port.set("timeouts.api", "0"), InputError);
    await port.unset("timeouts.api");
    assertEquals((await row("timeouts.api")).source, "default");
    await assertRejects(() => port.unset("nothing.there"), InputError);

    assertEquals(await port.apiKey.isSet(), false);
    const error = await assertRejects(() => port.apiKey.set("two words"), InputError);
    assert(!error.message.includes("two words"));
    await port.apiKey.set("port-key-0123456789");
    assertEquals(await port.apiKey.isSet(), true);
    assert(!JSON.stringify(await port.list("en")).includes("port-key"));
    assertEquals(await Deno.readTextFile(join(folder, "civikit", "key")), "port-key-0123456789\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("settingsPort() knows and keeps the key of the site the service downloads from", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const env = (name: string) => ({ XDG_CONFIG_HOME: folder } as Record<string, string>)[name];
    const there = settingsPort({ env }, "127.0.0.1:8788");
    await there.apiKey.set("port-key-0123456789");
    assertEquals(await there.apiKey.isSet(), true);
    assertEquals(await settingsPort({ env }, "civitai.com").apiKey.isSet(), false);
    const kept = await Deno.readTextFile(join(folder, "civikit", "keys", "127.0.0.1_8788"));
    assertEquals(kept, "port-key-0123456789\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
