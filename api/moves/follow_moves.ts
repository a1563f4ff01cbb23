import { relative, sep } from "node:path";
import { isInside } from "../../transport/internal.ts";
import type { HashCache } from "../library/hash_cache.ts";
import { isInnerPath } from "../project/names.ts";
import { holdProject, type Project, readInstalled, saveProject, writeInstalled } from "../project/project.ts";
import { stampOf } from "./entry.ts";
import type { WantedMove } from "./plan_moves.ts";

/** What moves along in writing. */
export interface Followers {
  /** Where hashes are kept. */
  cache?: HashCache | undefined;
  /** The project whose lock file names the files; see `openProject`. */
  project?: Project | undefined;
  /** Whether nobody else can change the project, as it was named to what moves. Default false: it is locked here. */
  isHeld?: boolean | undefined;
}

/**
 * Writes down where files are now: hashes, so that none is read again, and the lock file of a project. Doing it twice is
 * doing it once. For the `follow` of {@linkcode applyMoves}, {@linkcode continueMoves} and {@linkcode undoMoves}.
 *
 * @param moved What has moved: full paths.
 * @throws {DiskError} When the project's folder cannot be written.
 */
export function followMoves(moved: readonly WantedMove[], { cache, project, isHeld }: Followers): void {
  cache?.together(() => {
    for (const { from, to } of moved) {
      const record = cache.recorded(from);
      if (record !== undefined && stampOf(to)?.bytes === record.bytes) cache.keep({ ...record, path: to });
      const presumed = cache.presumed({ path: from, bytes: record?.bytes ?? -1, mtimeMs: record?.mtimeMs ?? -1 });
      if (presumed !== undefined) cache.keepPresumed({ ...presumed, path: to });
    }
  });
  if (project !== undefined) followInProject(moved, project, isHeld);
}

function followInProject(moved: readonly WantedMove[], project: Project, isHeld = false): void {
  const { root, lock } = project;
  const inner = (path: string) => relative(root, path).split(sep).join("/");
  const places = new Map(
    moved.filter(({ from, to }) => isInside(root, from) && isInside(root, to) && isInnerPath(inner(to)))
      .map(({ from, to }) => [inner(from), inner(to)]),
  );
  const files = lock.files.map((file) => ({ ...file, path: places.get(file.path) ?? file.path }));
  const isSame = files.every(({ path }, at) => path === lock.files[at]!.path);
  const old = readInstalled(project);
  const installed = new Map([...old].map(([path, record]) => [places.get(path) ?? path, record]));
  if (isSame && [...old.keys()].every((path) => installed.has(path))) return;
  using _held = isHeld ? undefined : holdProject(project);
  const next = { ...project, lock: { ...lock, files } };
  saveProject(next);
  Object.assign(project, { lock: next.lock });
  writeInstalled(project, installed);
}
