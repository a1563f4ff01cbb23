import { assertEquals, assertRejects } from "@std/assert";
import { civitai, saveImages } from "../../../api/mod.ts";
import { main } from "../../../cli/mod.ts";
import { commandStack } from "../../../cli/run/stack.ts";
import { readSettings } from "../../../cli/settings/read_settings.ts";
import { CivikitError } from "../../../transport/mod.ts";
import { testIo } from "../_io.ts";

/** A service on this machine, and how often it was asked. */
function local() {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("not for the world");
  });
  return { asked, url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

const env = { CIVIKIT_CACHE: "off", CIVIKIT_MONITOR: "off" };

/** The stack of a command without a key. */
async function stackAt(baseUrl: string, named: readonly string[] = []) {
  const io = testIo({ env });
  const settings = await readSettings({ env: io.env, flags: { baseUrl } });
  const context = { io, settings, command: "download", locale: "en" } as const;
  return await commandStack(context, { keys: { find: () => undefined }, named, note() {} });
}

Deno.test("an address on this machine that an answer of the site names is not asked, as image, file or page", async () => {
  await using service = local();
  const stack = await stackAt("https://civitai.com");
  const folder = await Deno.makeTempDir();
  try {
    const images = [{ id: 7, url: `${service.url}/admin/7.jpeg` }, {
      id: 8,
      url: `${service.url}/8.mp4`,
      type: "video",
    }];
    const outcomes = await Array.fromAsync(saveImages(stack.transport, images, folder));
    assertEquals(outcomes.map(({ error }) => (error as CivikitError).reason), ["near_address", "near_address"]);
    const api = civitai(stack.transport, { baseUrl: service.url });
    assertEquals((await assertRejects(() => api.models.get(5), CivikitError)).reason, "near_address");
    assertEquals(service.asked, []);
  } finally {
    stack.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an address on this machine is asked where the API is on this machine, or where the user named one", async () => {
  for (const place of ["baseUrl", "named"]) {
    await using service = local();
    const baseUrl = place === "baseUrl" ? service.url : "https://civitai.com";
    const stack = await stackAt(baseUrl, place === "named" ? [service.url] : []);
    assertEquals(await (await stack.transport.fetch(new Request(`${service.url}/a`))).text(), "not for the world");
    stack.close();
  }
});

Deno.test("civikit download fetches an address on this machine that the user gave, whatever the site", async () => {
  await using service = local();
  const dir = await Deno.makeTempDir();
  try {
    const args = ["download", "--base-url", "https://civitai.com", "--dir", dir, `${service.url}/mine.bin`];
    assertEquals(await main(args, testIo({ env: { ...env, XDG_CONFIG_HOME: dir } })), 0);
    assertEquals(Deno.readTextFileSync(`${dir}/mine.bin`), "not for the world");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
