import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runWatch, watchStore } from "../../../hub/watch/mod.ts";
import { atWatch, dayMs, hourMs, model, settings } from "./_watch.ts";

Deno.test("runWatch() takes what is there as seen, and queues what is published after it, once", async () => {
  await atWatch(async ({ store, run, jobs, publish, clock, found }) => {
    store.add({ target: "creator:lamplighter" });
    assertEquals(await run(), { rounds: 1, found: 0, queued: 0, failed: 0 });
    await publish(3);
    assertEquals((await run()).rounds, 0, "not due");
    await clock.advance(dayMs);
    assertEquals(await run(), { rounds: 1, found: 1, queued: 1, failed: 0 });
    assertEquals(await jobs(), ["version:5003"]);
    await clock.advance(dayMs);
    assertEquals(await run(), { rounds: 1, found: 0, queued: 0, failed: 0 });
    assertEquals(found(), ["version:5003 queued"]);
  }, { shelf: [model(1, [{ id: 11 }]), model(2, [{ id: 21 }, { id: 20, at: "2024-01-01T00:00:00Z" }])] });
});

Deno.test("runWatch() counts what was published between adding a rule and its first round as new", async () => {
  await atWatch(async ({ store, run, jobs, publish }) => {
    store.add({ target: "creator:lamplighter" });
    await publish(2);
    await run();
    assertEquals(await jobs(), ["version:5002"]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() counts what is newer than since, and so many of the newest, as new", async () => {
  const shelf = [1, 2, 3, 4].map((n) => model(n, [{ id: 10 + n, at: `2025-0${n}-01T00:00:00Z` }]));
  await atWatch(async ({ store, run, jobs, found }) => {
    const since = store.add({ target: "tag:style", sinceMs: Date.parse("2025-02-15T00:00:00Z"), action: "tell" }).rule;
    store.add({ target: "creator:lamplighter", backlog: 1 });
    await run();
    assertEquals(found(since.id), ["version:14 told", "version:13 told"]);
    assertEquals(await jobs(), ["version:14"]);
  }, { shelf });
});

Deno.test("runWatch() finds a version once: two rules, an edited rule, a removed job, a removed rule", async () => {
  await atWatch(async ({ store, run, jobs, queue, publish, clock, found }) => {
    const { rule } = store.add({ target: "creator:lamplighter" });
    store.add({ target: "tag:style", options: { sidecars: true } });
    const told = store.add({ target: "search:", action: "tell" }).rule;
    await run();
    await publish(2);
    await clock.advance(dayMs);
    await run();
    assertEquals(await jobs(), ["version:5002"]);
    assertEquals(found(told.id), ["version:5002 known"], "what goes to the queue is not told of as well");
    const [job] = (await queue.list()).jobs;
    await queue.change(job!.id, "remove");
    store.edit(rule.id, { filters: { types: ["LORA"] }, schedule: "every 6h" });
    store.remove("2");
    store.add({ target: "tag:style" });
    store.add({ target: "model:2", backlog: 5 });
    for (let round = 0; round < 3; round++) {
      await run();
      await clock.advance(dayMs);
    }
    assertEquals(await jobs(), []);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() queues what an edited filter lets through only from the last whole look on", async () => {
  await atWatch(async ({ store, run, jobs, publish, clock }) => {
    const { rule } = store.add({ target: "creator:lamplighter", filters: { bases: ["SDXL 1.0"] } });
    await run();
    await publish(2, {}, { base: "Flux.1 D" });
    await clock.advance(7 * dayMs);
    await publish(3);
    await clock.advance(dayMs);
    await run();
    assertEquals(await jobs(), ["version:5003"]);
    store.edit(rule.id, { filters: { bases: ["SDXL 1.0", "Flux.1 D"] } });
    await run();
    await publish(4, {}, { base: "Flux.1 D" });
    await clock.advance(dayMs);
    await run();
    assertEquals(await jobs(), ["version:5003", "version:5004"]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() goes by filters: base model, type, size, level, format and early access", async () => {
  const at = "2026-01-09T00:00:00Z";
  const shelf = [
    model(1, [{ id: 11, at, base: "Pony" }]),
    model(2, [{ id: 21, at }], { type: "Checkpoint" }),
    model(3, [{ id: 31, at, bytes: 9000 }]),
    model(4, [{ id: 41, at }], { nsfwLevel: 16 }),
    model(5, [{ id: 51, at, also: "GGUF" }]),
    model(6, [{ id: 61, at, earlyUntil: "2026-01-12T00:00:00Z" }]),
    model(7, [{ id: 71, at }]),
  ];
  await atWatch(async ({ store, run, jobs, found, queue, clock }) => {
    const sinceMs = Date.parse("2026-01-01T00:00:00Z");
    const tell = (filters: Parameters<typeof store.add>[0]["filters"]) => {
      const target = `search:`;
      return store.add({ target, filters, sinceMs, action: "tell", options: {} }).rule.id;
    };
    const rules = {
      bases: tell({ bases: ["pony"] }),
      types: tell({ types: ["Checkpoint"] }),
      size: tell({ minBytes: 8000, maxBytes: 10_000 }),
    };
    await run();
    assertEquals(found(rules.types), ["version:21 told"]);
    assertEquals(found(rules.size), ["version:31 told"]);
    // the site takes base models to the letter, and says that there are none
    assertEquals(found(rules.bases), []);
    const held = store.add({
      ...{ target: "search:", sinceMs, options: { sidecars: true } },
      filters: { formats: ["GGUF", "safetensors"], level: "r", early: "wait", maxBytes: 8000, bases: ["SDXL 1.0"] },
    }).rule.id;
    const gguf = store.add({ target: "creator:lamplighter", sinceMs, filters: { formats: ["gguf"] } }).rule.id;
    await run();
    assertEquals(found(gguf), ["version:51 known"]);
    assertEquals(found(held).sort(), [
      "version:21 queued",
      "version:51 queued",
      "version:61 held",
      "version:71 queued",
    ]);
    const before = await jobs();
    await clock.advance(3 * dayMs);
    await run();
    assertEquals((await jobs()).filter((job) => !before.includes(job)), ["version:61"]);
    assertEquals((await queue.list()).jobs[0]!.options.sidecars, true);
  }, { shelf });
});

Deno.test("runWatch() asks for the file of the format that is meant", async () => {
  await atWatch(async ({ store, run, queue }) => {
    store.add({ target: "model:5", backlog: 1, filters: { formats: ["GGUF"] } });
    await run();
    const [job] = (await queue.list()).jobs;
    assertEquals([job?.reference, job?.options.file], ["version:51", "511"]);
  }, { shelf: [model(5, [{ id: 51, also: "GGUF" }])] });
});

Deno.test("runWatch() catches up page by page, one a round, and loses nothing", async () => {
  await atWatch(async ({ store, run, jobs, shelf, site, clock, publish }) => {
    const { rule } = store.add({ target: "creator:lamplighter" });
    await run();
    for (let id = 1000; id < 1250; id++) {
      shelf.unshift(model(id, [{ id: id + 5000, at: new Date(clock.date() + id).toISOString() }]));
    }
    await clock.advance(dayMs);
    site.log.length = 0;
    await run();
    assertEquals([site.log.length, (await jobs()).length], [1, 100]);
    assert(store.lastRound(rule.id)!.isMore);
    // what is published meanwhile is found once the walk has come down
    await publish(3);
    for (let round = 0; round < 4; round++) {
      await run();
      await clock.advance(10 * 60_000);
    }
    assertEquals((await jobs()).length, 250);
    assertEquals(store.lastRound(rule.id)!.isMore, false);
    await clock.advance(dayMs);
    await run();
    assertEquals(new Set(await jobs()).size, 251);
    assertEquals((await jobs()).length, 251);
    assertEquals(site.log.filter(({ path }) => path === "/api/v1/models").length, 4);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() takes several pages in one round where it may", async () => {
  const shelf = Array.from({ length: 250 }, (_, n) => model(n + 1, [{ id: 1000 + n, at: "2025-06-01T00:00:00Z" }]));
  await atWatch(async ({ store, run, found, site }) => {
    store.add({ target: "creator:lamplighter", sinceMs: 0, action: "tell" });
    await run({ settings: () => ({ ...settings, pages: 3 }) });
    assertEquals([found().length, site.log.length], [250, 3]);
  }, { shelf });
});

Deno.test("runWatch() walks the list anew where the site has forgotten the place", async () => {
  const shelf = Array.from({ length: 250 }, (_, n) => model(n + 1, [{ id: 1000 + n, at: "2025-06-01T00:00:00Z" }]));
  await atWatch(async ({ store, run, found, clock, site }) => {
    store.add({ target: "creator:lamplighter", sinceMs: 0, action: "tell" });
    await run();
    const [rule] = store.list();
    assert(rule!.cursor !== null);
    site.faults.heal();
    await clock.advance(hourMs);
    let isRefused = false;
    await run({
      api: (await import("../../../api/mod.ts")).civitai({
        fetch: (request) => {
          const isCursor = new URL(request.url).searchParams.has("cursor") && !isRefused;
          isRefused ||= isCursor;
          return isCursor
            ? Promise.resolve(Response.json({ message: "Invalid cursor" }, { status: 400 }))
            : site.fetch(request);
        },
      }),
    });
    assertEquals(store.get(rule!.id)!.cursor, null);
    for (let round = 0; round < 4; round++) {
      await clock.advance(2 * dayMs);
      await run();
    }
    assertEquals([new Set(found()).size, found().length], [250, 250]);
  }, { shelf });
});

Deno.test("runWatch() runs a round that was missed once, and goes on by the schedule from there", async () => {
  await atWatch(async ({ store, run, site, clock }) => {
    const { rule } = store.add({ target: "creator:lamplighter", schedule: "every 6h" });
    await run();
    await clock.advance(10 * dayMs);
    site.log.length = 0;
    await run();
    assertEquals(site.log.length, 1);
    assertEquals(store.get(rule.id)!.nextMs, clock.date() + 6 * hourMs);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() backs off from a rule that fails, says why, and goes on with the others", async () => {
  await atWatch(async ({ store, run, site, clock, events, publish, jobs }) => {
    const gone = store.add({ target: "creator:nobody" }).rule;
    const other = store.add({ target: "creator:lamplighter" }).rule;
    assertEquals(await run(), { rounds: 1, found: 0, queued: 0, failed: 1 });
    const failed = events.find(({ type }) => type === "failed");
    assert(failed?.type === "failed");
    assertEquals([failed.rule.id, failed.rule.why?.code, failed.rule.why?.status], [gone.id, "not_found", 404]);
    assertEquals(store.get(gone.id)!.nextMs, clock.date() + dayMs);
    assertEquals(store.get(other.id)!.failures, 0);

    await publish(2);
    await clock.advance(dayMs);
    site.faults.maintenance(true);
    await run();
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      const { nextMs } = store.get(other.id)!;
      waits.push((nextMs - clock.date()) / 60_000);
      await clock.advance(nextMs - clock.date());
      await run({ ids: [other.id] });
    }
    assertEquals(waits, [5, 10, 20, 40]);
    site.faults.maintenance(false);
    await clock.advance(dayMs);
    await run();
    assertEquals([store.get(other.id)!.why, await jobs()], [null, ["version:5002"]]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() waits as long as the site asks it to", async () => {
  await atWatch(async ({ store, run, site, clock }) => {
    const { rule } = store.add({ target: "creator:lamplighter" });
    site.faults.rateLimitNext(1, 3600);
    await run();
    assertEquals(store.get(rule.id)!.nextMs, clock.date() + hourMs);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() refuses a tag the site does not know, which would send everything", async () => {
  await atWatch(async ({ store, run, found }) => {
    const { rule } = store.add({ target: "tag:no such tag", sinceMs: 0 });
    await run();
    assertEquals([store.get(rule.id)!.why?.reason, found()], ["unknown_word", []]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() walks a search by words round by round, for its order is its own", async () => {
  const shelf = Array.from({ length: 150 }, (_, n) => model(n + 1, [{ id: 1000 + n }], { name: `Lantern ${n}` }));
  await atWatch(async ({ store, run, jobs, shelf, clock, site }) => {
    store.add({ target: "search:lantern" });
    await run();
    shelf.push(model(900, [{ id: 9000, at: new Date(clock.date() + 1).toISOString() }], { name: "Lantern new" }));
    for (let round = 0; round < 3; round++) {
      await clock.advance(dayMs);
      await run();
    }
    assertEquals(await jobs(), ["version:9000"]);
    assertEquals(site.log.length, 4);
  }, { shelf });
});

Deno.test("runWatch() watches favourites by what is in the list, not by dates", async () => {
  const shelf = [model(1, [{ id: 11 }])];
  await atWatch(async ({ store, run, jobs, shelf, clock }) => {
    store.add({ target: "favorites" });
    await run();
    assertEquals(await jobs(), []);
    shelf.push(model(2, [{ id: 21, at: "2020-01-01T00:00:00Z" }]));
    await clock.advance(dayMs);
    await run();
    assertEquals(await jobs(), ["version:21"]);
  }, {
    shelf,
    wrap: (site) => ({
      fetch: (request) => {
        const keyed = new Request(request);
        keyed.headers.set("authorization", "Bearer demo-key");
        return site.fetch(keyed);
      },
    }),
  });
});

Deno.test("runWatch() tells when a collection has grown; what is in it the site does not say", async () => {
  const collectionItems = new Map([[503, 10]]);
  await atWatch(async ({ store, run, jobs, clock, events, site }) => {
    const { rule } = store.add({ target: "https://civitai.com/collections/503" });
    await run();
    await clock.advance(hourMs);
    await run();
    assertEquals([store.get(rule.id)!.name, store.get(rule.id)!.count], ["Shelf 503", 10]);
    collectionItems.set(503, 14);
    await clock.advance(dayMs);
    await run();
    const [find] = store.finds();
    assertEquals([find?.state, find?.thing.version, find?.thing.url], [
      "told",
      "+4",
      "https://civitai.com/collections/503",
    ]);
    assertEquals([await jobs(), site.log.length], [[], 3]);
    assert(events.some(({ type }) => type === "found"));
  }, { collectionItems });
});

Deno.test("runWatch() waits for what is due later, notices new rules, and ends when it is told to", async () => {
  await atWatch(async ({ store, run, clock, publish, jobs, path }) => {
    store.add({ target: "creator:lamplighter", schedule: "every 6h" });
    const stop = new AbortController();
    const running = run({ isWatching: true, signal: stop.signal });
    const until = async (isSo: () => Promise<boolean> | boolean) => {
      for (let second = 0; second < 30_000 && !await isSo(); second++) await clock.advance(1000);
      assert(await isSo());
    };
    await until(() => store.list()[0]!.isReady);
    await publish(2);
    await until(async () => (await jobs()).join() === "version:5002");
    using other = watchStore(path, { clock });
    other.add({ target: "model:1", backlog: 1 });
    await until(async () => (await jobs()).join() === "version:5002,version:11");
    stop.abort();
    assertEquals((await running).queued, 2);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() leaves a rule to the process that has it, and takes it when its lease is over", async () => {
  await atWatch(async ({ store, run, clock, path, events, site }) => {
    const { rule } = store.add({ target: "creator:lamplighter" });
    using other = watchStore(path, { clock });
    assertEquals(other.claim("other", 60_000, 1).length, 1);
    assertEquals((await run()).rounds, 0);
    await run({ ids: [rule.id] });
    assertEquals(events, [{ type: "busy", id: rule.id }]);
    await clock.advance(61_000);
    assertEquals((await run()).rounds, 1);
    assertEquals(site.log.length, 1);
    // who was slow keeps nothing
    assertEquals(other.fail("other", rule.id, { code: "not_found" }, 0), undefined);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() queues at the next start what it had found when it was killed", async () => {
  await atWatch(async ({ store, run, jobs, queue, clock, publish }) => {
    store.add({ target: "creator:lamplighter" });
    await run();
    await publish(2);
    await clock.advance(dayMs);
    const broken = { queued: queue.queued, add: () => Promise.reject(new Error("killed")) };
    const troubles: unknown[] = [];
    await run({ queue: broken, onTrouble: (error) => troubles.push(error) });
    assertEquals([troubles.length > 0, await jobs()], [true, []]);
    assertEquals((await run()).queued, 1);
    assertEquals(await jobs(), ["version:5002"]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() does not queue what lies in the model folders, or is queued by hand", async () => {
  await atWatch(async ({ store, run, jobs, queue, clock, publish, found }) => {
    store.add({ target: "creator:lamplighter" });
    await run();
    await queue.add([{ reference: "version:5002" }]);
    await publish(2);
    await publish(3);
    await clock.advance(dayMs);
    await run({ have: (ids) => new Set(ids.filter((id) => id === 5003)) });
    assertEquals([await jobs(), found()], [["version:5002"], ["version:5003 known", "version:5002 queued"]]);
  }, { shelf: [model(1, [{ id: 11 }])] });
});

Deno.test("runWatch() of a hundred rules costs a hundred requests a round, counted at the server", async () => {
  const shelf = Array.from(
    { length: 60 },
    (_, n) => model(n + 1, [{ id: 1000 + n }], { creator: `maker ${n % 40}`, tags: [`tag ${n % 30}`] }),
  );
  await atWatch(async ({ store, clock, queue, site, publish }) => {
    for (let n = 0; n < 40; n++) store.add({ target: `creator:maker ${n}` });
    for (let n = 0; n < 30; n++) {
      store.add({ target: `tag:tag ${n}`, filters: { bases: ["SDXL 1.0"], types: ["LORA"] } });
    }
    for (let n = 0; n < 20; n++) store.add({ target: `model:${n + 1}` });
    for (let n = 0; n < 8; n++) store.add({ target: `search:words ${n}`, filters: { bases: ["Nothing fits"] } });
    store.add({ target: "search:" });
    store.add({ target: "collection:501" });
    assertEquals(store.list().length, 100);
    await using server = await site.listen();
    const { civitai } = await import("../../../api/mod.ts");
    const { createTransport } = await import("../../../mod.ts");
    const transport = createTransport();
    const round = () =>
      runWatch({
        ...{ store, queue, clock, api: civitai(transport, { baseUrl: server.url }), settings: () => settings },
        signal: new AbortController().signal,
      });
    for (let number = 0; number < 3; number++) {
      server.log.length = 0;
      const { rounds, failed } = await round();
      assertEquals([rounds, failed], [100, 0], `round ${number}`);
      assert(server.log.length <= 100, `${server.log.length} requests in round ${number}`);
      await publish(500 + number, { creator: "maker 3", tags: ["tag 5"] });
      await clock.advance(2 * dayMs);
    }
    assertEquals((await queue.list()).jobs.map(({ reference }) => reference), ["version:5500", "version:5501"]);
    transport.close();
  }, { shelf });
});

Deno.test("runWatch() says who is gone in words a person can use", async () => {
  await atWatch(async ({ store, run }) => {
    const { rule } = store.add({ target: "model:404" });
    await run();
    assertStringIncludes(store.get(rule.id)!.why?.message ?? "", "404");
  });
});
