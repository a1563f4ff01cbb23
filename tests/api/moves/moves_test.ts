import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { chmodSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  applyMoves,
  continueMoves,
  finishUpdates,
  followMoves,
  movesHistory,
  openProject,
  planMoves,
  undoMoves,
} from "../../../api/mod.ts";
import { updateJournal } from "../../../api/library/update_journal.ts";
import { holdProject, saveProject } from "../../../api/project/project.ts";
import { DiskError } from "../../../transport/mod.ts";
import { put, wholeTree, withDisks } from "./_tree.ts";

const pairs = (root: string, moves: Record<string, string>) =>
  Object.entries(moves).map(([from, to]) => ({ from: join(root, from), to: join(root, to) }));

Deno.test("applyMoves() moves files, links and their folders, and undoMoves() gives the exact tree back", async () => {
  await withDisks(async (root) => {
    put(join(root, "old/deep/a.safetensors"), "aaa");
    put(join(root, "old/deep/a.json"), "{}");
    chmodSync(join(root, "old/deep/a.json"), 0o640);
    chmodSync(join(root, "old"), 0o750);
    put(join(root, "keep/b.safetensors"), "bb");
    linkSync(join(root, "keep/b.safetensors"), join(root, "keep/twin.safetensors"));
    symlinkSync("../keep/b.safetensors", join(root, "old/link.safetensors"));
    symlinkSync("deep/a.safetensors", join(root, "old/stays"));
    mkdirSync(join(root, "keep/was empty"));
    const before = wholeTree(root);
    const steps = planMoves(
      pairs(root, {
        "old/deep/a.safetensors": "new/x/a.safetensors",
        "old/deep/a.json": "new/x/a.json",
        "keep/b.safetensors": "new/b.safetensors",
        "old/link.safetensors": "new/x/y/link.safetensors",
      }),
      [join(root, "old/stays")],
    );
    const { moved, refused } = await applyMoves(root, "comfyui", steps);
    assertEquals([moved.length, refused], [5, []]);
    assertEquals(readdirSync(join(root, "old")), ["stays"], "the folder that was emptied is gone");
    assertEquals(Deno.readTextFileSync(join(root, "new/x/y/link.safetensors")), "bb");
    assertEquals(readlinkSync(join(root, "new/x/y/link.safetensors")), "../../b.safetensors");
    assertEquals(Deno.readTextFileSync(join(root, "old/stays")), "aaa", "a link that stays follows what moved");
    assertEquals(Deno.statSync(join(root, "new/b.safetensors")).nlink, 2, "hard links are kept");
    assert(Deno.statSync(join(root, "keep/was empty")).isDirectory);
    assertEquals(movesHistory(root).map(({ state, steps, about }) => [state, steps, about]), [[
      "applied",
      5,
      "comfyui",
    ]]);
    await undoMoves(root);
    assertEquals(wholeTree(root), before);
    assertEquals(movesHistory(root)[0]?.state, "undone");
    assertEquals(await undoMoves(root), undefined, "nothing is left to take back");
  });
});

Deno.test("applyMoves() overwrites nothing and leaves what was changed, one by one", async () => {
  await withDisks(async (root) => {
    for (const name of ["a", "b", "c", "d"]) put(join(root, name), name);
    const steps = planMoves(pairs(root, { a: "new/a", b: "new/b", c: "new/c", d: "new/d" }));
    put(join(root, "new/a"), "somebody's");
    Deno.writeTextFileSync(join(root, "b"), "changed since");
    Deno.removeSync(join(root, "c"));
    const { moved, refused } = await applyMoves(root, "x", steps);
    assertEquals(moved.map(({ to }) => to), [join(root, "new/d")]);
    assertEquals(refused.map(({ error }) => [error.code, error.reason]), [
      ["target_exists", undefined],
      ["part_mismatch", "file_changed"],
      ["folder_missing", "file_missing"],
    ]);
    assertEquals(Deno.readTextFileSync(join(root, "new/a")), "somebody's");
    await undoMoves(root);
    assertEquals(Object.keys(wholeTree(root)).sort(), ["a", "b", "d", "new/", "new/a"]);
  });
});

Deno.test("applyMoves() to another disk proves the copy, keeps time, mode and hard links, and comes back", async () => {
  await withDisks(async (root, other) => {
    if (other === undefined) return;
    put(join(root, "loras/a.safetensors"), "a".repeat(3 * 1024 ** 2));
    chmodSync(join(root, "loras/a.safetensors"), 0o600);
    linkSync(join(root, "loras/a.safetensors"), join(root, "loras/b.safetensors"));
    symlinkSync("a.safetensors", join(root, "loras/l.safetensors"));
    symlinkSync(other, join(root, "big"));
    const before = wholeTree(root);
    const steps = planMoves(pairs(root, {
      "loras/a.safetensors": "big/a.safetensors",
      "loras/b.safetensors": "big/sub/b.safetensors",
      "loras/l.safetensors": "big/l.safetensors",
    }));
    assertEquals((await applyMoves(root, "x", steps)).refused, []);
    const found = Deno.statSync(join(other, "a.safetensors"));
    assertEquals([found.nlink, found.mode! & 0o777, found.mtime?.getTime()], [2, 0o600, 1_600_000_000_123]);
    assertEquals(Deno.readTextFileSync(join(other, "l.safetensors")).length, 3 * 1024 ** 2);
    assertEquals(wholeTree(other)["l.safetensors"]?.startsWith("link a.safetensors"), true);
    await undoMoves(root);
    assertEquals(wholeTree(root), before);
    assertEquals(wholeTree(other), {});
  });
});

Deno.test("applyMoves() goes on where a step was half done, and knows two names of one file from one", async () => {
  await withDisks(async (root) => {
    put(join(root, "half"), "h");
    put(join(root, "hard"), "x");
    linkSync(join(root, "hard"), join(root, "hard2"));
    const steps = planMoves(pairs(root, { half: "new/half", hard: "Hard" }));
    mkdirSync(join(root, "new"));
    linkSync(join(root, "half"), join(root, "new/half"));
    const { refused } = await applyMoves(root, "x", steps);
    assertEquals(refused, []);
    assertEquals(Object.keys(wholeTree(root)), ["Hard", "hard2", "new/", "new/half"]);
  });
});

Deno.test("moves through a link to the very same folder lose nothing", async () => {
  await withDisks(async (root) => {
    put(join(root, "real/a"), "a");
    linkSync(join(root, "real/a"), join(root, "real/b"));
    symlinkSync("real", join(root, "alias"));
    await applyMoves(root, "x", planMoves(pairs(root, { "real/a": "alias/a" })));
    assertEquals(readdirSync(join(root, "real")).sort(), ["a", "b"]);
  });
});

Deno.test("interrupted moves are refused, continued or taken back; one process at a time", async () => {
  await withDisks(async (root) => {
    for (const name of ["a", "b", "c"]) put(join(root, name), name);
    const before = wholeTree(root);
    const stop = new AbortController();
    const steps = planMoves(pairs(root, { a: "new/a", b: "new/b", c: "new/c" }));
    const follow = () => stop.abort(new Error("killed"));
    await assertRejects(() =>
      applyMoves(root, "x", steps, {
        follow() {
          follow();
          stop.signal.throwIfAborted();
        },
      })
    );
    assertEquals(movesHistory(root)[0]?.state, "applying");
    const error = await assertRejects(() => applyMoves(root, "x", steps), DiskError);
    assertEquals([error.code, error.reason], ["target_locked", "moves_unfinished"]);
    const followed: string[] = [];
    const report = await continueMoves(root, { follow: (moved) => void followed.push(...moved.map(({ to }) => to)) });
    assertEquals([report?.state, followed.length], ["applied", 3], "all of it is followed again");
    assertEquals(await continueMoves(root), undefined);
    await applyMoves(root, "y", planMoves(pairs(root, { "new/a": "z/a" })), {
      async follow() {
        const busy = await assertRejects(() => undoMoves(root), DiskError);
        assertEquals(busy.reason, "moves_running");
        assertStringIncludes(busy.message, "another civikit");
      },
    });
    await undoMoves(root);
    await undoMoves(root);
    assertEquals(wholeTree(root), before);
  });
});

Deno.test("applyMoves() keeps whoever changes the project or a folder inside away, and waits for nobody who is at it", async () => {
  await withDisks(async (root) => {
    const folder = join(root, "project");
    for (const name of ["models/a", "models/deep/b"]) put(join(folder, name), name);
    mkdirSync(join(folder, "models/deep/.civikit"));
    const models = join(folder, "models");
    const project = () => openProject(folder, { root: models });
    saveProject(project());
    const steps = planMoves(pairs(models, { a: "new/a", "deep/b": "new/b" }));
    const isBusy = async (work: () => unknown) => {
      const error = await assertRejects(async () => await work(), DiskError);
      assertEquals(error.code, "target_locked");
    };
    const update = async (place: string) => {
      updateJournal(place).put({
        ...{ old: join(place, "x"), oldSha256: "00", fresh: join(place, "y"), freshSha256: null },
        ...{ target: join(place, "y"), how: "replace" },
      });
      await finishUpdates(place);
    };
    for (const place of [folder, join(models, "deep")]) {
      using _held = holdProject(openProject(place));
      await isBusy(() => applyMoves(models, "x", steps, { project: project() }));
      assertEquals([movesHistory(models), readdirSync(models).includes("a")], [[], true]);
    }
    const seen: string[] = [];
    await applyMoves(models, "x", steps, {
      project: project(),
      async follow(moved) {
        await isBusy(() => holdProject(project()));
        await isBusy(() => update(join(models, "deep")));
        await isBusy(() => update(join(models, "new")));
        followMoves(moved, { project: project(), isHeld: true });
        seen.push(...moved.map(({ to }) => to));
      },
    });
    assertEquals(seen.length, 2);
    using _free = holdProject(project());
    await isBusy(() => undoMoves(models, { project: project() }));
    assertEquals(movesHistory(models)[0]?.state, "applied", "nothing was begun");
  });
});

Deno.test("the five newest journals are kept", async () => {
  await withDisks(async (root) => {
    put(join(root, "0"), "x");
    for (let n = 0; n < 7; n++) await applyMoves(root, `move ${n}`, planMoves(pairs(root, { [`${n}`]: `${n + 1}` })));
    assertEquals(movesHistory(root).map(({ about }) => about), ["move 6", "move 5", "move 4", "move 3", "move 2"]);
    for (let n = 0; n < 5; n++) await undoMoves(root);
    assertEquals(Object.keys(wholeTree(root)), ["2"]);
  });
});

Deno.test("undoMoves() drops a copy on another disk whose original had not gone yet, and a copy that was cut off", async () => {
  await withDisks(async (root, other) => {
    if (other === undefined) return;
    put(join(root, "a"), "a");
    put(join(root, "b"), "b");
    symlinkSync(other, join(root, "big"));
    const before = wholeTree(root);
    const [a, b] = planMoves(pairs(root, { a: "big/a", b: "big/b" }));
    const folder = join(root, ".civikit/moves");
    await applyMoves(root, "x", [a!, b!]);
    const [name] = readdirSync(folder).filter((one) => one.endsWith(".jsonl"));
    // as a kill leaves it: the first has both names, the second is on its way
    Deno.copyFileSync(join(other, "a"), join(root, "a"));
    Deno.utimeSync(join(root, "a"), new Date(a!.mtimeMs), new Date(a!.mtimeMs));
    Deno.removeSync(join(other, "b"));
    put(join(root, "b"), "b");
    const tag = name!.replace(".jsonl", "");
    Deno.writeTextFileSync(join(other, `.civikit-move-${tag}-1.tmp`), "half");
    const journal = Deno.readTextFileSync(join(folder, name!)).replace(/.*"state":"applied".*\n/, "");
    Deno.writeTextFileSync(join(folder, name!), journal);
    const report = await undoMoves(root);
    assertEquals(report?.refused, []);
    const timeless = (tree: Record<string, string>) => Object.keys(tree).filter((one) => !one.endsWith("/"));
    assertEquals([timeless(wholeTree(root)), wholeTree(other)], [timeless(before), {}]);
    assertEquals(Deno.readTextFileSync(join(root, "a")), "a");
  });
});
