// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Lists the guides whose last check is too long ago, or that name code which has changed since; ends with 1 if there are
 * any. Each guide says in a line of its own when it was checked: `檢查於 0.1.0，2026-11-26` or `Checked for 0.1.0, 2026-11-26`.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** After so many days a guide is read again. */
export const mostDays = 90;

/** A guide that is due. */
export interface DueGuide {
  /** Its path from the root. */
  readonly path: string;
  /** Why, in a few words. */
  readonly why: string;
}

const mark = /(?:檢查於|Checked for) (\d+\.\d+\.\d+)[，,] ?(\d{4}-\d\d-\d\d)/;

/** Files that a text names in code spans. */
function named(text: string): string[] {
  return [...new Set([...text.matchAll(/`((?:\w+\/)+\w+\.ts)`/g)].map(([, path]) => path!))];
}

/** Files of `paths` that were changed after the day, by the history of the checkout. */
async function changedSince(root: string, day: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const { success, stdout } = await new Deno.Command("git", {
    args: ["log", `--since=${day}T23:59:59Z`, "--name-only", "--format=", "--", ...paths],
    cwd: root,
    stderr: "null",
  }).output();
  if (!success) throw new Error(`reading the history of "${root}": git log failed`);
  return [...new Set(new TextDecoder().decode(stdout).split("\n").filter(Boolean))].sort();
}

/** The guides under docs/ that are due on `today`. */
export async function dueGuides(root: string, today: Date): Promise<DueGuide[]> {
  const due: DueGuide[] = [];
  for await (const { name } of Deno.readDir(join(root, "docs"))) {
    if (!/_guide(?:\.en)?\.md$|_overview\.md$|^(?:troubleshooting|reference)\.md$/.test(name)) continue;
    const path = `docs/${name}`;
    const text = await Deno.readTextFile(join(root, path));
    const [, , day] = mark.exec(text) ?? [];
    if (day === undefined) {
      due.push({ path, why: "it does not say when it was checked" });
      continue;
    }
    const days = Math.floor((today.getTime() - Date.parse(`${day}T00:00:00Z`)) / 86_400_000);
    if (days > mostDays) due.push({ path, why: `checked ${days} days ago` });
    const changed = await changedSince(root, day, named(text));
    if (changed.length > 0) due.push({ path, why: `changed since: ${changed.join(", ")}` });
  }
  return due.sort((a, b) => a.path < b.path ? -1 : 1);
}

if (import.meta.main) {
  const due = await dueGuides(fileURLToPath(new URL("../", import.meta.url)), new Date());
  for (const { path, why } of due) console.log(`- [ ] ${path}: ${why}`);
  Deno.exit(due.length > 0 ? 1 : 0);
}
