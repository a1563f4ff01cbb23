import { assertEquals } from "@std/assert";
import { hasRedis } from "../_support/redis.ts";
import { startLab, verdictOf } from "./_lab.ts";

/** Workers killed; `CIVIKIT_TEST_KILLS=20` for more. */
const kills = Number(Deno.env.get("CIVIKIT_TEST_KILLS") ?? 3);
const bytes = 256 * 1024;

Deno.test({
  name:
    "a fleet whose workers let go of their files, and are killed, has every file in the bucket and none on a machine",
  ignore: !hasRedis,
  async fn() {
    const files = 4 + kills * 4;
    await using lab = await startLab({ files, bytes, bytesPerSecond: 1024 * 1024 });
    await lab.addAll();
    const names = ["one", "two"];
    const workers = await Promise.all(names.map((name) => lab.start(name, {}, "--jobs", "2", "--free")));
    for (let kill = 0; kill < kills; kill++) {
      await lab.over(2 + kill * 4);
      const which = kill % names.length;
      await workers[which]!.kill();
      workers[which] = await lab.start(names[which]!, {}, "--jobs", "2", "--free");
    }
    await lab.over(files);
    const { notDone, right, objects } = await verdictOf(lab, bytes);
    assertEquals({ notDone, right, objects }, { notDone: {}, right: files, objects: files });
    for (const worker of workers) await worker.kill();
    // what a killed one left of a job that another one did goes when a worker of that machine starts
    for (const name of names) await (await lab.start(name, {}, "--once", "--free")).ended;
    assertEquals(lab.lying(), []);
    const { jobs } = await lab.queue.list({ limit: 1000 });
    assertEquals([...new Set(jobs.map(({ path }) => path))], [null]);
  },
});

Deno.test({
  name: "a fleet whose workers are killed, and whose Redis dies twice, keeps every file once and loses no job",
  ignore: !hasRedis,
  async fn() {
    const files = 8 + kills * 8;
    // what it has answered it has written: else it may hold back two seconds of it while the disk is busy
    const redisOptions = ["--appendfsync", "always"];
    await using lab = await startLab({ files, bytes, bytesPerSecond: 1024 * 1024, redisOptions });
    await lab.addAll();
    const names = ["one", "two", "three"];
    const workers = await Promise.all(names.map((name) => lab.start(name, {}, "--jobs", "2")));
    for (let kill = 0; kill < kills; kill++) {
      await lab.over(4 + kill * 8);
      const which = kill % names.length;
      await workers[which]!.kill();
      workers[which] = await lab.start(names[which]!, {}, "--jobs", "2");
      if (kill < 2) await lab.redis.restart();
    }
    await lab.over(files);
    const { notDone, right, objects } = await verdictOf(lab, bytes);
    assertEquals({ notDone, right, objects }, { notDone: {}, right: files, objects: files });
  },
});
