import { createHash } from "node:crypto";

/** What a unit of ours was made for, so that it can be made again. */
export interface UnitOrigin {
  /** The civikit that made it. */
  readonly version: string;
  /** Folders it may write models to, the first of which it starts in. */
  readonly roots: readonly string[];
  /** Whether the first of them was named for it, and not by the settings. */
  readonly isRootGiven: boolean;
  /** What follows `serve`. */
  readonly options: readonly string[];
  /** Variables of whoever made it, so that the service finds what their commands find. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of its output, where the unit says so; null for the example. */
  readonly logs: string | null;
}

/** Whose a file is: ours, ours and changed by someone, or somebody else's. */
export type UnitOwner = "ours" | "edited" | "foreign";

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

// two dashes may not stand in a comment of XML
const originText = (origin: UnitOrigin) => JSON.stringify(origin).replaceAll("-", "\\u002d");

const comment = (text: string, isXml: boolean) => isXml ? `<!-- ${text} -->` : `# ${text}`;

const originLine = /^(?:#|<!--) civikit-made-for: (\{.*\})(?: -->)?$/m;
const digestLine = /\n(?:#|<!--) civikit-unit: sha256:([0-9a-f]{64})(?: -->)?\n$/;

/** A text with two more lines: what it was made for, and its digest, which tells whether someone changed it. */
export function sealed(text: string, origin: UnitOrigin): string {
  const isXml = text.startsWith("<?xml");
  const body = `${text.trimEnd()}\n${comment(`civikit-made-for: ${originText(origin)}`, isXml)}\n`;
  return `${body}${comment(`civikit-unit: sha256:${digestOf(body)}`, isXml)}\n`;
}

/** Whose `text` is. */
export function ownerOf(text: string): UnitOwner {
  const [, digest] = digestLine.exec(text) ?? [];
  if (digest === undefined) {
    return originLine.test(text) || text.includes("civikit-unit: sha256:") ? "edited" : "foreign";
  }
  return digestOf(text.replace(digestLine, "\n")) === digest ? "ours" : "edited";
}

/** What a sealed text was made for; undefined where it does not say. */
export function originOf(text: string): UnitOrigin | undefined {
  const [, json] = originLine.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json) as UnitOrigin;
  } catch {
    return undefined;
  }
}
