// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Checks that every relative link and anchor in the Markdown files points at something that exists.
 *
 * ```sh
 * deno run --allow-read tools/check_links.ts
 * ```
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** A link that leads nowhere. */
export interface BrokenLink {
  /** Path of the file that has the link, from the root. */
  readonly file: string;
  /** Its line, from 1. */
  readonly line: number;
  /** The link as it stands there. */
  readonly target: string;
}

/** Blanks code blocks and inline code and keeps the lines, so that links are counted where they are. */
function withoutCode(markdown: string): string {
  const blank = (text: string): string => text.replace(/[^\n]/g, " ");
  return markdown
    .replace(/^( {0,3})(`{3,}|~{3,})[\s\S]*?^\1?\2[`~]*\s*$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, blank);
}

/** The anchors GitHub gives a document: one per heading, numbered where they repeat, and explicit ids. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  const withoutBlocks = markdown.replace(/^( {0,3})(`{3,}|~{3,})[\s\S]*?^\1?\2[`~]*\s*$/gm, "");
  for (const [, heading = ""] of withoutBlocks.matchAll(/^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$/gm)) {
    const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/<[^>]+>/g, "");
    const slug = text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replace(/ /g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id = ""] of withoutBlocks.matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** Every link of a document with its line: inline, image, reference definition, and href or src. */
export function linksOf(markdown: string): { line: number; target: string }[] {
  const text = withoutCode(markdown);
  const patterns = [
    /\]\(\s*<?([^\s)>]+)>?(?:\s+["'(][^\n]*?["')])?\s*\)/g,
    /^ {0,3}\[[^\]^][^\]]*\]:\s*<?(\S+?)>?(?:\s|$)/gm,
    /<(?:a|img|source)\s[^>]*?(?:href|src|srcset)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      line: text.slice(0, match.index).split("\n").length,
      target: match[1] ?? "",
    }))
  ).sort((a, b) => a.line - b.line);
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** The broken links of some Markdown files, given by their paths from `root`. */
export async function checkLinks(files: readonly string[], root: URL = ROOT): Promise<BrokenLink[]> {
  const broken: BrokenLink[] = [];
  for (const file of files) {
    const source = new URL(file, root);
    for (const { line, target } of linksOf(await Deno.readTextFile(source))) {
      if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) continue;
      const url = new URL(target, source);
      const anchor = decodeURIComponent(url.hash.slice(1));
      url.hash = "";
      url.search = "";
      const isFound = url.href.startsWith(root.href) && await exists(url);
      const isAnchored = !isFound || anchor === "" || !url.pathname.endsWith(".md") ||
        anchorsOf(await Deno.readTextFile(url)).has(anchor);
      if (!isFound || !isAnchored) broken.push({ file, line, target });
    }
  }
  return broken;
}

/** The Markdown files of the root, docs/ and .github/. */
export async function markdownFiles(root: URL = ROOT): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ["", "docs/", ".github/"]) {
    if (!await exists(new URL(folder, root))) continue;
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      if (entry.isFile && entry.name.endsWith(".md")) files.push(folder + entry.name);
    }
  }
  return files.sort();
}

if (import.meta.main) {
  const files = await markdownFiles();
  const broken = await checkLinks(files);
  for (const { file, line, target } of broken) console.error(`${file}:${line}: link "${target}" leads nowhere`);
  console.log(`links: ${files.length} files, ${broken.length} broken`);
  Deno.exit(broken.length === 0 ? 0 : 1);
}
