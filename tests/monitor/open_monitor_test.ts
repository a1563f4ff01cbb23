import { civitai } from "@civikit/civikit";
import { openMonitor } from "@civikit/civikit/monitor";
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";

Deno.test("openMonitor() logs and counts what calls of the API swallow that answer null", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const monitor = openMonitor({ logs: { folder }, guard: false });
    const refusal = () => Promise.resolve(Response.json({ error: "No model with id 5" }, { status: 404 }));
    const api = civitai({ fetch: refusal }, { ...monitor.api });
    assertEquals(await api.models.getOrNull(5), null);
    assertEquals(await api.orNull(api.models.get(0)), null);
    const counted = monitor.registry.snapshot().counters.filter(({ name }) => name === "null_answer");
    assertEquals(counted.map(({ label, count }) => [label, count]), [["not_found", 1], ["invalid_argument", 1]]);
    monitor.close();
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
    const text = names.map((name) => Deno.readTextFileSync(join(folder, name))).join("");
    assertMatch(text, /ERROR answered null.*No model with id 5.*not_found/);
    assertMatch(text, /ERROR answered null.*invalid_argument/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
