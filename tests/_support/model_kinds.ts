/**
 * Models of every kind the site has been seen to send, made from a seed: names in all scripts, hostile ones, and shapes
 * with fields null, missing, empty, huge or of the other case. The answers are as they come over the wire, before any
 * check; the bytes of a file follow from its id. The site that answers with them is in `kinds_site.ts`.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A file as the wire has it, as far as tests count on it. */
export type WireFile = { readonly id: number; readonly name: string } & Readonly<Record<string, unknown>>;

/** A version as `GET /models/:id` sends it. */
export type WireVersion =
  & { readonly id: number; readonly files?: readonly WireFile[] | null }
  & Readonly<
    Record<string, unknown>
  >;

/** A model as `GET /models/:id` sends it. */
export type WireModel =
  & { readonly id: number; readonly modelVersions: readonly WireVersion[] }
  & Readonly<
    Record<string, unknown>
  >;

/** One made model. */
export interface ModelKind {
  /** What is special about its names, and about its shape. */
  readonly kind: readonly [name: string, shape: string];
  /** The model. */
  readonly model: WireModel;
  /** The name that is special, as somebody would have it on a disk: whole, as far as the kind goes. */
  readonly name: string;
}

/** Kinds of names; `n` keeps those of one kind apart. */
export const nameKinds: Readonly<Record<string, (n: number) => string>> = {
  plain: (n) => `paperLantern_v${n}`,
  han: (n) => `【水墨】山水畫風 第${n}版`,
  kana: (n) => `ちびキャラ・がんばれ ${n}号`,
  hangul: (n) => `수묵화 스타일 ${n}`,
  thai: (n) => `สไตล์น้ำหมึก${n}`,
  devanagari: (n) => `स्याही शैली ${n}`,
  cyrillic: (n) => `Стиль тушь ${n}`,
  hebrew: (n) => `סגנון דיו ${n}`,
  arabic: (n) => `أسلوب الحبر ${n}`,
  override: (n) => `photo\u202Egnp.exe ${n}`,
  isolate: (n) => `\u2067עברית\u2069 mixed ${n}`,
  emoji: (n) => `🏮✨ Lantern ${n} 👩‍🎨🇹🇼`,
  astral: (n) => `𝕷𝖆𝖓𝖙𝖊𝖗𝖓 ${n} 𠮷野`,
  decomposed: (n) => `Cafe\u0301 Zu\u0308rich ${n}`,
  composed: (n) => `Café Zürich ${n}`,
  piled: (n) => `H\u0300\u0301\u0302\u0303\u0304e\u0316\u0317\u0318llo ${n}`,
  zeroWidth: (n) => `lan\u200Btern\u200D\uFEFF ${n}`,
  longAscii: (n) => `${"very_long_name_".repeat(20)}${n}`,
  longHan: (n) => `${"名".repeat(120)}${n}`,
  longEmoji: (n) => `${"🏮".repeat(80)}${n}`,
  con: () => "CON",
  nul: (n) => `nul.${n}`,
  com: (n) => `com${n % 10}`,
  lpt: () => "LPT¹",
  aux: (n) => `Aux .backup${n}`,
  dots: () => "...",
  parent: (n) => `../../../etc/cron.d/${n}`,
  windowsPath: (n) => `..\\..\\C:\\Windows\\${n}`,
  rooted: (n) => `/etc/passwd${n}`,
  drive: (n) => `C:lantern${n}`,
  slash: (n) => `Day/Night ${n}`,
  hidden: (n) => `.hidden${n}`,
  trailing: (n) => `trailing ${n}. . `,
  leading: (n) => `   leading ${n}`,
  quotes: (n) => `"quoted" 'single' «guillemets» \`tick\` ${n}`,
  shell: (n) => `$(rm -rf ~); & | > < * ? ${n}`,
  percent: (n) => `%2e%2e%2f%00 100% ${n}`,
  html: (n) => `<img src=x onerror=alert(${n})>&amp;&lt;`,
  escape: (n) => `\u001b[31mred\u001b[0m \u0007 ${n}`,
  control: (n) => `line\nbreak\ttab\r\u0000nul\u007f\u0085 ${n}`,
  separator: (n) => `line\u2028para\u2029graph ${n}`,
  spaces: (n) => `non\u00A0breaking\u3000ideographic\u2003em ${n}`,
  half: (n) => `half \uD83C pair ${n}`,
  part: (n) => `lantern${n}.safetensors.part`,
  upper: (n) => `LANTERN STYLE ${n}`,
  lower: (n) => `lantern style ${n}`,
  digits: (n) => String(1_000_000 + n),
  prototype: () => "__proto__",
  constructor: () => "constructor",
  brackets: (n) => `[XL] {style} (v${n}) #1 @user +more ~`,
  semver: (n) => `v1.${n}.0-beta.1+build`,
  fullWidth: (n) => `ＦＵＬＬ／ＷＩＤＴＨ：${n}`,
  empty: () => "",
  space: () => " ",
};

type Change<T> = (one: T, n: number) => T;
const file = (change: Change<WireFile>) => (model: WireModel, n: number): WireModel => ({
  ...model,
  modelVersions: model.modelVersions.map((version) => ({
    ...version,
    files: version.files!.map((one) => change(one, n)),
  })),
});
const version = (change: Change<WireVersion>) => (model: WireModel, n: number): WireModel => ({
  ...model,
  modelVersions: model.modelVersions.map((one) => change(one, n)),
});
const without = <T extends object>(one: T, ...keys: string[]): T =>
  Object.fromEntries(Object.entries(one).filter(([key]) => !keys.includes(key))) as T;
const hashed = (change: (sha256: string) => unknown) => file((one) => ({ ...one, hashes: change(sha256Of(one.id)) }));

/** Kinds of shapes; each takes a whole model and gives what the site might send for it. */
export const shapeKinds: Readonly<Record<string, Change<WireModel>>> = {
  whole: (model) => model,
  nullTexts: (model) => ({
    ...version((one) => ({ ...one, description: null, trainedWords: null, stats: null, images: null }))(model, 0),
    ...{ description: null, creator: null, tags: null, stats: null, nsfwLevel: null },
  }),
  missingTexts: (model) => without(model, "description", "creator", "tags", "stats", "nsfwLevel"),
  nullNames: (model) => version((one) => ({ ...one, name: null }))({ ...model, name: null }, 0),
  numberNames: (model, n) => version((one) => ({ ...one, name: n }))({ ...model, name: n }, n),
  noFiles: version((one) => without(one, "files", "downloadUrl")),
  nullFiles: version((one) => ({ ...one, files: null })),
  emptyFiles: version((one) => ({ ...one, files: [] })),
  archived: (model) => version((one) => ({ ...one, files: [] }))({ ...model, mode: "Archived" }, 0),
  takenDown: (model) => ({ ...model, mode: "TakenDown" }),
  noVersions: (model) => ({ ...model, modelVersions: [] }),
  zeroSize: file((one) => ({ ...one, sizeKB: 0 })),
  hugeSize: file((one) => ({ ...one, sizeKB: 8_589_934_592.5 })),
  impossibleSize: file((one) => ({ ...one, sizeKB: 1e300 })),
  negativeSize: file((one) => ({ ...one, sizeKB: -1 })),
  nullSize: file((one) => ({ ...one, sizeKB: null })),
  noHashes: hashed(() => ({})),
  nullHashes: hashed(() => null),
  missingHashes: file((one) => without(one, "hashes")),
  lowerHashes: hashed((sha256) => ({ SHA256: sha256.toLowerCase(), AutoV2: sha256.slice(0, 10).toLowerCase() })),
  otherHashes: hashed((sha256) => ({ AutoV2: sha256.slice(0, 10), SHA256_12: sha256.slice(0, 12) })),
  nullHash: hashed((sha256) => ({ AutoV1: null, AutoV3: null, SHA256: sha256 })),
  noPrimary: file((one) => without(one, "primary")),
  allPrimary: file((one) => ({ ...one, primary: true })),
  nullMetadata: file((one) => ({ ...one, metadata: null })),
  strangeType: (model) => ({ ...file((one) => ({ ...one, type: "Hologram" }))(model, 0), type: "Dream Weaver" }),
  nullType: (model) => ({ ...model, type: null }),
  strangeBase: version((one) => ({ ...one, baseModel: "Wan Video 14B t2v/i2v (2027)" })),
  nullBase: version((one) => ({ ...one, baseModel: null })),
  noDates: version((one) => without(one, "publishedAt", "createdAt", "updatedAt")),
  badDates: version((one) => ({ ...one, publishedAt: "yesterday", createdAt: 17 })),
  sold: version((one) => ({ ...one, paidAccess: { permanent: false, endsAt: "2099-01-01T00:00:00.000Z" } })),
  soldForEver: version((one) => ({ ...one, paidAccess: { permanent: true, endsAt: null } })),
  early: version((one) => ({ ...one, availability: "EarlyAccess", earlyAccessDeadline: "2099-01-01T00:00:00.000Z" })),
  draft: version((one) => ({ ...one, status: "Draft" })),
  backwards: (model) => ({ ...model, modelVersions: model.modelVersions.toReversed() }),
  sameBytes: (model) => ({
    ...model,
    modelVersions: model.modelVersions.map((one) => ({ ...one, files: model.modelVersions[0]!.files! })),
  }),
  manyVersions: (model) => ({
    ...model,
    modelVersions: Array.from({ length: 30 }, (_, at) => ({
      ...model.modelVersions[0]!,
      ...{ id: model.modelVersions[0]!.id + 5 + at, index: at, files: at === 29 ? model.modelVersions[0]!.files! : [] },
    })),
  }),
};

/** The bytes of a file: short, and no two files have the same. */
export const bytesOf = (fileId: number): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`\0the weights of file ${fileId}\n`);

/** Their SHA-256, upper case. */
export const sha256Of = (fileId: number): string =>
  createHash("sha256").update(bytesOf(fileId)).digest("hex").toUpperCase();

/** Numbers from a seed (mulberry32, public domain), from 0 below 1. */
export function randoms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function wireFile(id: number, name: string, more: Readonly<Record<string, unknown>> = {}): WireFile {
  const sha256 = sha256Of(id);
  return {
    ...{ id, name, sizeKB: bytesOf(id).length / 1024, type: "Model", primary: true },
    metadata: { format: "SafeTensor", size: "pruned", fp: "fp16" },
    hashes: { SHA256: sha256, AutoV2: sha256.slice(0, 10) },
    ...{ pickleScanResult: "Success", virusScanResult: "Success", scannedAt: "2025-01-01T00:00:00.000Z" },
    ...more,
  };
}

const types = ["LORA", "Checkpoint", "TextualInversion", "VAE", "LoCon", "Controlnet", "Upscaler", "Workflows"];
const bases = ["SDXL 1.0", "SD 1.5", "Pony", "Flux.1 D", "Illustrious", "Other"];

/** A whole model of two versions, the newer one first; its ids are 100 apart from the next one's. */
function wholeModel(n: number, name: string, pick: (most: number) => number): WireModel {
  const id = 100_000 + n * 100;
  const base = bases[pick(bases.length)]!;
  const one = (at: number): WireVersion => ({
    ...{ id: id + at, index: 1 - at, name: `${name} v${at}`.trim(), baseModel: base, status: "Published" },
    ...{ publishedAt: new Date(Date.UTC(2024, at, 1)).toISOString(), trainedWords: [name], description: `<p>${name}` },
    stats: { downloadCount: n, thumbsUpCount: 1, thumbsDownCount: 0 },
    files: [
      wireFile(id + 10 + at, `${name}.safetensors`),
      ...(n % 7 === 0 ? [wireFile(id + 20 + at, `${name}.safetensors`, { primary: false, type: "Pruned Model" })] : []),
    ],
    images: [],
  });
  return {
    ...{
      id,
      name,
      type: types[pick(types.length)],
      nsfw: false,
      nsfwLevel: 1,
      tags: [name],
      description: `<b>${name}`,
    },
    ...{ creator: { username: name, image: null }, modelVersions: [one(1), one(0)] },
  };
}

/**
 * `count` models: every kind of name with every kind of shape before anything comes twice, in an order that only the seed
 * decides.
 */
export function* modelKinds(count: number, seed = 1): Generator<ModelKind, void> {
  const random = randoms(seed);
  const pick = (most: number) => Math.floor(random() * most);
  const [names, shapes] = [Object.entries(nameKinds), Object.entries(shapeKinds)];
  const pairs = names.length * shapes.length;
  // a step that shares no divisor with the number of pairs goes through all of them
  const step = [7919, 7907, 7901].find((prime) => pairs % prime !== 0)!;
  const from = pick(pairs);
  for (let n = 0; n < count; n++) {
    const at = (from + n * step) % pairs;
    const [kind, nameOf] = names[at % names.length]!;
    const [shape, change] = shapes[Math.floor(at / names.length)]!;
    const name = nameOf(n);
    yield { kind: [kind, shape], name, model: change(wholeModel(n, name, pick), n) };
  }
}
