import { civitaiHosts, isLoopback } from "../../transport/internal.ts";
import { parseAir } from "./air.ts";
import { badInput, idRule, readId } from "../client/input.ts";
import { defaultSite, type Site } from "../client/site.ts";

/** Which file of a version is meant; what is left out does not matter. */
export interface FileSelection {
  /** Names the file exactly. */
  fileId?: number;
  /** What the file is for, such as `VAE`; case does not matter, here and below. */
  type?: string;
  /** How the weights are stored, such as `SafeTensor`. */
  format?: string;
  /** `full` or `pruned`. */
  size?: string;
  /** Number format of the weights, such as `fp16`. */
  fp?: string;
  /** Quantisation, such as `Q4_K_M`. */
  quantType?: string;
}

/** A version on the site, as someone wrote it down. */
export interface VersionReference {
  /** What this is. */
  kind: "version";
  /** The version's id. */
  versionId: number;
  /** The model it was said to belong to. */
  modelId?: number;
  /** Which of its files. */
  select: FileSelection;
  /** Written as a plain number, which may have been meant as a model id. */
  bare?: true;
  /** The trusted host whose URL it was, where another one is asked first. */
  host?: string;
  /** As it was written, secrets cut: for messages. */
  text: string;
}

/** A model on the site: its newest version is meant. */
export interface ModelReference {
  /** What this is. */
  kind: "model";
  /** The model's id. */
  modelId: number;
  /** Which file of the version. */
  select: FileSelection;
  /** The trusted host whose URL it was, where another one is asked first. */
  host?: string;
  /** As it was written, secrets cut: for messages. */
  text: string;
}

/** A file somewhere else. */
export interface UrlReference {
  /** What this is. */
  kind: "url";
  /** Where it is, https or loopback. May carry a signature: redact it before showing it. */
  url: string;
}

/** What can be resolved through the API. */
export type SiteReference = VersionReference | ModelReference;

/** What someone wants to have. */
export type Reference = SiteReference | UrlReference;

const longestReference = 8192;
const understood =
  "understood are a version id, model:ID, version:ID, an AIR, the URL of a model page or of a download " +
  "on Civitai, and any other https URL";

const pages: readonly [RegExp, "model" | "version"][] = [
  [/^\/models\/([^/]+)(?:\/[^/]*)?$/, "model"],
  [/^\/model-versions\/([^/]+)$/, "version"],
  [/^\/api\/download\/models\/([^/]+)$/, "version"],
  [/^\/api\/v1\/models\/([^/]+)$/, "model"],
  [/^\/api\/v1\/model-versions\/([^/]+)$/, "version"],
];

/**
 * Understands what someone wants to have: a plain number (a version id, as in download URLs), `model:ID`, `version:ID`, an
 * AIR, the URL of a page or download on Civitai, or any other https URL. A `token` in a Civitai URL is not kept.
 *
 * @param text What was written.
 * @param site `baseUrl` and `trustedHosts`, whose URLs are Civitai's; a {@linkcode Civitai} will do.
 * @throws {InputError} `invalid_url` or `invalid_air` with the reason and the forms that are understood; `insecure_url`
 * for http beyond this machine.
 * @example
 * ```ts
 * import { parseReference } from "@civikit/civikit/api";
 *
 * const reference = parseReference("https://civitai.com/models/827184/name?modelVersionId=2514310");
 * console.log(reference.kind); // version
 * ```
 */
export function parseReference(text: string, site: Partial<Site> = {}): Reference {
  const written = text.trim();
  const bad = (reason: string) => badInput(written, `${reason}; ${understood}`, "invalid_url");
  if (written === "") throw bad("nothing was given");
  if (written.length > longestReference) throw bad(`longer than ${longestReference} characters`);

  const number = /^(?:(model|version):)?(\d+)$/i.exec(written);
  if (number) {
    const id = readId(number[2]!);
    const kind = number[1]?.toLowerCase();
    if (id === undefined) throw bad(idRule);
    if (kind === "model") return { kind, modelId: id, select: {}, text: written };
    return { kind: "version", versionId: id, select: {}, text: written, ...(kind === undefined && { bare: true }) };
  }

  const url = readUrl(written);
  if (url) return fromUrl(url, written, site);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(written)) throw bad("not an https URL");
  if (/^(?:urn:|air:)|(?:^|:)civitai:|^[\w/-]+(?::[\w/-]+)*:[\w./-]+@/i.test(written)) return fromAir(written);
  throw bad("none of the forms that are understood");
}

/** Reads an http or https URL; for Civitai's own hosts the scheme may be missing, as browsers hide it. */
function readUrl(text: string): URL | null {
  if (/^https?:/i.test(text)) return URL.parse(text);
  const host = /^(?:www\.)?([a-z.]+)\//i.exec(text)?.[1];
  return host !== undefined && civitaiHosts.includes(host.toLowerCase()) ? URL.parse(`https://${text}`) : null;
}

function fromAir(text: string): SiteReference {
  const { modelId, versionId, fileId, format } = parseAir(text);
  const select: FileSelection = { ...(fileId !== undefined && { fileId }), ...(format !== undefined && { format }) };
  if (versionId === undefined) return { kind: "model", modelId, select, text };
  return { kind: "version", versionId, modelId, select, text };
}

/** A host as it is compared: without a dot at its end, and without `www.`. */
function hostsOf(url: URL): { host: string; bare: string } {
  const host = url.host.replace(/\.$/, "");
  return { host, bare: host.replace(/^www\./, "") };
}

/** The host of a URL, if it is trusted as the one asked is, and not that one. */
function otherHost(
  url: URL,
  { baseUrl = defaultSite.baseUrl, trustedHosts = defaultSite.trustedHosts }: Partial<Site>,
): string | undefined {
  const asked = URL.parse(baseUrl)?.host ?? "";
  const { bare } = hostsOf(url);
  return trustedHosts.includes(asked) && trustedHosts.includes(bare) && asked !== bare ? bare : undefined;
}

function isCivitai(
  url: URL,
  { baseUrl = defaultSite.baseUrl, trustedHosts = defaultSite.trustedHosts }: Partial<Site>,
) {
  const { host, bare } = hostsOf(url);
  // from the URLs of hosts that are not trusted only ids are read; nothing is sent there
  return host === URL.parse(baseUrl)?.host || trustedHosts.includes(host) || trustedHosts.includes(bare) ||
    civitaiHosts.includes(bare);
}

function fromUrl(url: URL, text: string, site: Partial<Site>): Reference {
  const bad = (reason: string) => badInput(text, `${reason}; ${understood}`, "invalid_url");
  if (url.username !== "" || url.password !== "") throw bad("a URL with a user name or password is not taken");
  const isLocal = isLoopback(url.href);
  if (url.protocol !== "https:" && !isLocal) {
    throw badInput(text, "http is not safe, write https", "insecure_url");
  }
  if (!isCivitai(url, site)) return { kind: "url", url: withoutFragment(url) };

  const prefix = url.host === URL.parse(site.baseUrl ?? "")?.host ? new URL(site.baseUrl!).pathname : "/";
  const path = (prefix !== "/" && url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : url.pathname)
    .replace(/\/+$/, "");
  for (const [pattern, kind] of pages) {
    const digits = pattern.exec(path)?.[1];
    if (digits === undefined || !/^\d+$/.test(digits)) continue;
    const id = readId(digits);
    if (id === undefined) throw bad(idRule);
    const reference = kind === "model" ? fromModelPage(id, url, bad) : fromVersionUrl(id, url, bad);
    const other = otherHost(url, site);
    return other === undefined ? reference : { ...reference, host: other };
  }
  if (isLocal) return { kind: "url", url: withoutFragment(url) };
  throw bad("no page of a model and no download");
}

function withoutFragment(url: URL): string {
  return url.href.replace(/#.*$/s, "");
}

type Bad = (reason: string) => Error;

function queryId(url: URL, name: string, bad: Bad): number | undefined {
  const value = url.searchParams.get(name);
  if (value === null || value === "") return undefined;
  const id = /^\d+$/.test(value) ? readId(value) : undefined;
  if (id === undefined) throw bad(`${name}: ${idRule}`);
  return id;
}

/** The URL again, with nothing in it but what was understood. */
function cleaned({ origin, pathname }: URL, query: Record<string, string | number | undefined>): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined).map((
    [name, value],
  ) => [name, String(value)]);
  return `${origin}${pathname}${kept.length === 0 ? "" : `?${new URLSearchParams(kept)}`}`;
}

function fromModelPage(modelId: number, url: URL, bad: Bad): SiteReference {
  const versionId = queryId(url, "modelVersionId", bad);
  const text = cleaned(url, { modelVersionId: versionId });
  if (versionId === undefined) return { kind: "model", modelId, select: {}, text };
  return { kind: "version", versionId, modelId, select: {}, text };
}

function fromVersionUrl(versionId: number, url: URL, bad: Bad): SiteReference {
  const select: FileSelection = {};
  const fileId = queryId(url, "fileId", bad);
  if (fileId !== undefined) select.fileId = fileId;
  for (const name of ["type", "format", "size", "fp", "quantType"] as const) {
    const value = url.searchParams.get(name);
    if (value) select[name] = value;
  }
  return { kind: "version", versionId, select, text: cleaned(url, { ...select }) };
}
