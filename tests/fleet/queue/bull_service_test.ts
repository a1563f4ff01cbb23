import { assert, assertEquals } from "@std/assert";
import { bullQueue, openRedis } from "../../../fleet/mod.ts";
import { hasRedis, startRedis } from "../../_support/redis.ts";
import { serveHub } from "../../hub/_service.ts";

Deno.test({
  name: "the service on any machine shows the workers, jobs and rates of all",
  ignore: !hasRedis,
  async fn() {
    await using redis = await startRedis();
    const clients = [await openRedis(redis.url), await openRedis(redis.url)] as const;
    await using mine = await bullQueue({ redis: clients[0] });
    {
      await using theirs = await bullQueue({ redis: clients[1] });
      await using hub = await serveHub({ queue: mine, isShared: true });
      await hub.ask("POST", "/api/v1/queue", { references: ["2002", "model:1003"] }).then((answer) => answer.text());
      const [job] = await theirs.lease("lab-3-77", 1, 60_000);
      await theirs.update("lab-3-77", job!.id, {
        ...{ state: "downloading", name: "far.safetensors", bytes: 1024, totalBytes: 4096, bytesPerSecond: 2048 },
      });
      const { items } = await (await hub.ask("GET", "/api/v1/queue/workers")).json();
      assertEquals(items.map(({ id, jobs, isAlive }: Record<string, unknown>) => [id, jobs, isAlive]), [
        ["lab-3-77", 1, true],
      ]);
      const page = await (await hub.ask("GET", "/", undefined, { accept: "text/html", "accept-language": "en" }))
        .text();
      for (const word of ["Machines", "lab-3-77", "1 job ", "2 KB/s", "far.safetensors"]) {
        assert(page.includes(word), `no "${word}" in ${page}`);
      }
      // what cannot be moved is not offered to be
      assert(!page.includes("draggable"), "a job can be dragged");
      await theirs.drain(["lab-3-77"]);
      const zh = await (await hub.ask("GET", "/", undefined, { accept: "text/html", "accept-language": "zh-TW" }))
        .text();
      assert(zh.includes("收尾中"), zh);
    }
    for (const client of clients) client.disconnect();
  },
});
