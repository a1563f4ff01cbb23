import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

/** A document of the project. */
export interface Document {
  /** Its path from the root. */
  readonly path: string;
  readonly text: string;
}

/** A block of code in a document. */
export interface Block {
  /** `docs/user_guide.md:12`. */
  readonly place: string;
  /** What stands behind the fence, such as `sh`. */
  readonly language: string;
  readonly code: string;
}

/** README.md, README.zh-TW.md, and everything under docs/. */
export async function documents(): Promise<Document[]> {
  const paths = ["README.md", "README.zh-TW.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return await Promise.all(
    paths.sort().map(async (path) => ({
      path,
      text: await Deno.readTextFile(fileURLToPath(new URL(path, root))),
    })),
  );
}

/** The blocks of a document. */
export function blocksOf({ path, text }: Document): Block[] {
  return [...text.matchAll(/^( *)(`{3,})([^`\n]*)\n([\s\S]*?)^\1\2$/gm)].map((match) => ({
    place: `${path}:${text.slice(0, match.index).split("\n").length}`,
    language: match[3]!,
    code: match[4]!,
  }));
}

/** One command: the words as a shell splits them. */
function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  for (const [part] of line.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\\.|\s+|./gsu)) {
    if (/^\s/.test(part)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (part === "#" && word === undefined) return found;
    else word = (word ?? "") + (/^["']./.test(part) ? part.slice(1, -1) : part.startsWith("\\") ? part.slice(1) : part);
  }
  if (word !== undefined) found.push(word);
  return found;
}

/** The arguments of every `civikit` command in a piece of shell, whatever stands before it. */
export function civikitCommands(shell: string): string[][] {
  const lines = shell.replace(/\\\n\s*/g, " ").split("\n").map((line) =>
    line.replace(/^\s*\$ /, "").replace(/\s#\s.*$/, "")
  );
  const commands: string[][] = [];
  for (const line of lines) {
    for (const part of line.split(/\|\||&&|\||;(?!\w)|(?<=\s)>{1,2}/)) {
      const all = words(part);
      const at = all.findIndex((word) => word === "civikit" || word.endsWith("/civikit"));
      const before = all.slice(0, Math.max(0, at));
      const isCall = at >= 0 &&
        before.every((word) => /^[A-Z_]+=/.test(word) || ["deno", "task", "sudo"].includes(word));
      if (isCall) commands.push(all.slice(at + 1).filter((word) => word !== "&"));
    }
  }
  return commands;
}

/** Copies what is needed of the checkout to run it, and its tests, into a folder that is there. */
export async function copyCheckout(to: string, from: string = fileURLToPath(root)): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if ([".git", ".tmp", "coverage", "dist", "node_modules", "images"].includes(name)) continue;
    if (isDirectory) {
      await Deno.mkdir(join(to, name));
      await copyCheckout(join(to, name), join(from, name));
    } else await Deno.copyFile(join(from, name), join(to, name));
  }
}
