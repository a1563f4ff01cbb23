import { lstatSync, readdirSync } from "node:fs";
import { dirname, join, parse, resolve, sep } from "node:path";

const fold = (name: string) => name.normalize("NFC").toLowerCase();

/**
 * A path as the disk has it written: where upper and lower case are one, the names of what is there. Where nothing is
 * there, and what cannot be listed, stays as it is. Links are not followed.
 */
export function onDisk(path: string): string {
  const whole = resolve(path);
  const { root } = parse(whole);
  const names = whole.slice(root.length).split(sep).filter(Boolean);
  let place = root;
  for (const name of names) {
    const next = join(place, name);
    place = lstatSync(next, { throwIfNoEntry: false }) === undefined ? next : join(place, listed(place, name));
  }
  return place;
}

function listed(folder: string, name: string): string {
  try {
    const names = readdirSync(folder);
    if (names.includes(name)) return name;
    return names.find((other) => fold(other) === fold(name)) ?? name;
  } catch {
    return name; // nobody may look
  }
}

/** Whether two paths that differ in upper and lower case at most are one entry of the disk. */
export function isOneEntry(one: string, other: string): boolean {
  if (one === other) return true;
  if (fold(one) !== fold(other)) return false;
  try {
    return lstatSync(dirname(other)).isDirectory() && onDisk(one) === onDisk(other);
  } catch {
    return false;
  }
}
