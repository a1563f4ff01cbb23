/**
 * What the embedded Civitai has on its shelves. Ids are fixed, so tests can name them:
 *
 * | model | version | files | what it is there for |
 * |---|---|---|---|
 * | 1001 LORA | 2001, 2002 | 3001, 3002 | the plain case, two versions (2002 is the newer one) |
 * | 1002 Checkpoint | 2010, 2011 | 3010 full fp16, 3011 pruned fp16, 3012 VAE; 3013, 3014 Config | several files of one version |
 * | 1003 TextualInversion | 2020 | 3020 | a small file, below the limit of AutoV1 |
 * | 1004 LORA | 2030 | 3030, 3031 | two files with the same name |
 * | 1005 LORA | 2040-2043 | 3040-3043 | hostile file names |
 * | 1006 LORA | 2050, 2051 | 3050, 3051 | hashes without SHA256; no hashes at all |
 * | 1007 LORA | 2060 | 3060 | SHA256 (and AutoV2) are those of another file, the other hashes are right |
 * | 1008 LORA | 2070 | 3070 | early access |
 * | 1009 LORA | 2080 | 3080 | login required |
 * | 1010 LORA | 2090 | 3090 | archived |
 * | 1011 Checkpoint | 2100 | 3100 | big: `bigBytes` of tensors |
 * | 1012 LORA | 2110 | 3110 | downloads disabled (`usageControl`) |
 * | 1013 LORA | 2120 | 3120 | not PG: hidden from lists unless `nsfw=true` |
 *
 * @module
 */
import { loraTensors, safetensors } from "../files/safetensors.ts";
import { type Content, fixed } from "../origin/content.ts";

/** One file of a version. */
export interface CatalogueFile {
  /** Its number, `fileId` in links. */
  readonly id: number;
  /** Its name, hostile ones included. */
  readonly name: string;
  /** ModelFileType. */
  readonly type: string;
  /** `format`, `size`, `fp`, as far as known. */
  readonly metadata: Readonly<{ format?: string; size?: string; fp?: string; quantType?: string }>;
  /** Its bytes. */
  readonly content: Content;
  /** Bytes before the tensors, for safetensors. */
  readonly headerBytes?: number;
  /** Whether it is the file that a version stands for. */
  readonly primary: boolean;
  /** Its hashes, where there is too much of it to compute them: what is not named here is not known. */
  readonly hashes?: Readonly<Record<string, string>>;
  /** What the API shows instead of the true hashes: fewer, none, or wrong ones. */
  readonly shown?: (hashes: Record<string, string>) => Record<string, string>;
  /** The plain `filename` of Content-Disposition, where it is not `name`. */
  readonly disposition?: string;
}

/** One version of a model. */
export interface CatalogueVersion {
  /** Its number. */
  readonly id: number;
  /** Its name, such as `v1.0`. */
  readonly name: string;
  /** Its base model, such as `SDXL 1.0`. */
  readonly baseModel: string;
  /** When it was published, ISO 8601. */
  readonly publishedAt: string;
  /** Its trigger words. */
  readonly trainedWords: readonly string[];
  /** `Generation`: downloads are disabled. */
  readonly usageControl: "Download" | "Generation";
  /** Its files. */
  readonly files: readonly CatalogueFile[];
  /** Early access until then. */
  readonly earlyAccessUntil?: string;
  /** Whether only users with a key may download it. */
  readonly isLoginRequired?: boolean;
}

/** One model. */
export interface CatalogueModel {
  /** Its number. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** Its type, such as `LORA`. */
  readonly type: string;
  /** HTML, or none. */
  readonly description: string | null;
  /** Who made it. */
  readonly creator: string;
  /** Its tags. */
  readonly tags: readonly string[];
  /** Bit mask of levels; 1 is PG. */
  readonly nsfwLevel: number;
  /** Archived models give no files (410). */
  readonly mode?: "Archived";
  /** Newest first. */
  readonly versions: readonly CatalogueVersion[];
}

/** A file with all it belongs to. */
export interface Found {
  /** The model. */
  readonly model: CatalogueModel;
  /** The version. */
  readonly version: CatalogueVersion;
  /** The file. */
  readonly file: CatalogueFile;
}

/** What {@linkcode catalogue} takes. */
export interface CatalogueOptions {
  /** Tensor bytes of file 3100 (default 32 MiB). */
  bigBytes?: number;
  /** Tensor bytes of an ordinary LoRA (default 2 MiB and a bit). */
  loraBytes?: number;
}

const MiB = 1024 ** 2;

/** Builds the shelves. */
export function catalogue(
  { bigBytes = 32 * MiB, loraBytes = 2 * MiB + 4096 }: CatalogueOptions = {},
): readonly CatalogueModel[] {
  const unet = Array.from({ length: 24 }, (_, i) => `model.diffusion_model.blocks.${i}.weight`);

  function tensorFile(
    id: number,
    name: string,
    { dataBytes = loraBytes, tensors = loraTensors(8), metadata = {}, title = name, ...rest }: {
      dataBytes?: number;
      tensors?: readonly string[];
      metadata?: CatalogueFile["metadata"];
      title?: string;
      type?: string;
      primary?: boolean;
      shown?: NonNullable<CatalogueFile["shown"]>;
      disposition?: string;
    } = {},
  ): CatalogueFile {
    const content = safetensors({ seed: id, dataBytes, tensors, metadata: { "modelspec.title": title } });
    const { headerBytes } = content;
    const known = { format: "SafeTensor", ...metadata };
    return { id, name, type: "Model", primary: true, content, headerBytes, metadata: known, ...rest };
  }

  function textFile(id: number, name: string, text: string): CatalogueFile {
    const content = fixed(new TextEncoder().encode(text));
    return { id, name, type: "Config", primary: false, content, metadata: { format: "Other" } };
  }

  function version(
    id: number,
    files: readonly CatalogueFile[],
    more: Partial<CatalogueVersion> = {},
  ): CatalogueVersion {
    return {
      ...{ id, files, name: "v1.0", baseModel: "SDXL 1.0", trainedWords: [], usageControl: "Download" },
      publishedAt: new Date(Date.UTC(2025, 0, 1) + id * 3_600_000).toISOString(),
      ...more,
    };
  }

  function model(
    id: number,
    name: string,
    versions: readonly CatalogueVersion[],
    more: Partial<CatalogueModel> = {},
  ): CatalogueModel {
    const description = `<p>${name}, made for tests.</p>`;
    return {
      id,
      name,
      versions,
      description,
      type: "LORA",
      creator: "lamplighter",
      tags: ["style"],
      nsfwLevel: 1,
      ...more,
    };
  }

  return [
    model(1001, "Paper Lantern Style", [
      version(2002, [tensorFile(3002, "paper_lantern_v2.safetensors")], {
        name: "v2.0",
        trainedWords: ["paperlantern"],
      }),
      version(2001, [tensorFile(3001, "paper_lantern.safetensors")], { trainedWords: ["paperlantern", "soft glow"] }),
    ], { tags: ["style", "light"] }),
    model(1002, "Harbour Mix", [
      version(2011, [
        tensorFile(3013, "harbourMix_v20.safetensors", {
          dataBytes: 4 * MiB,
          tensors: unet,
          metadata: { size: "full", fp: "fp16" },
        }),
        textFile(3014, "harbourMix_v20.yaml", "model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n"),
      ], { name: "v2.0" }),
      version(2010, [
        tensorFile(3010, "harbourMix_v10.safetensors", {
          dataBytes: 6 * MiB,
          tensors: unet,
          metadata: { size: "full", fp: "fp16" },
        }),
        tensorFile(3011, "harbourMix_v10_pruned.safetensors", {
          ...{ dataBytes: 3 * MiB, tensors: unet, primary: false, type: "Pruned Model" },
          metadata: { size: "pruned", fp: "fp16" },
        }),
        tensorFile(3012, "harbour.vae.safetensors", {
          ...{
            dataBytes: MiB,
            tensors: ["decoder.conv_in.weight", "encoder.conv_in.weight"],
            primary: false,
            type: "VAE",
          },
        }),
      ]),
    ], { type: "Checkpoint", tags: ["base model", "realistic"] }),
    model(1003, "Soft Edges", [
      version(2020, [
        tensorFile(3020, "softedges-neg.safetensors", {
          dataBytes: 24 * 1024,
          tensors: ["emb_params"],
          metadata: { size: "full" },
        }),
      ], { trainedWords: ["softedges"], baseModel: "SD 1.5" }),
    ], { type: "TextualInversion", creator: "penumbra" }),
    model(1004, "Twin Names", [
      version(2030, [
        tensorFile(3030, "twin.safetensors", { metadata: { fp: "fp16" } }),
        tensorFile(3031, "twin.safetensors", { metadata: { fp: "fp32" }, primary: false }),
      ]),
    ]),
    model(1005, "Names From Hell", [
      version(2043, [tensorFile(3043, "..\\..\\C:\\CON\u0000.safetensors", { title: "drive" })], {
        name: "reserved word",
      }),
      version(2042, [tensorFile(3042, `${"名".repeat(100)}.safetensors`, { title: "long" })], { name: "300 bytes" }),
      version(2041, [tensorFile(3041, "photo\u202Esrotensefas.exe\u001b[31m.safetensors", { title: "marks" })], {
        name: "marks",
      }),
      version(2040, [
        tensorFile(3040, "../../../etc/cron.d/evil.safetensors", {
          title: "dots",
          disposition: "harmless.safetensors",
        }),
      ], {
        name: "path",
      }),
    ]),
    model(1006, "Half Scanned", [
      version(2051, [tensorFile(3051, "unscanned.safetensors", { shown: () => ({}) })], { name: "v2.0" }),
      version(2050, [
        tensorFile(3050, "half_scanned.safetensors", { shown: ({ SHA256: _, ...others }) => others }),
      ]),
    ]),
    model(1007, "Mislabelled", [
      version(2060, [
        tensorFile(3060, "mislabelled.safetensors", {
          shown: (hashes) => ({ ...hashes, SHA256: "0123456789ABCDEF".repeat(4), AutoV2: "0123456789" }),
        }),
      ]),
    ]),
    model(1008, "Not Yet", [
      version(2070, [tensorFile(3070, "not_yet.safetensors")], { earlyAccessUntil: "2099-01-01T00:00:00.000Z" }),
    ]),
    model(1009, "Members Only", [
      version(2080, [tensorFile(3080, "members_only.safetensors")], { isLoginRequired: true }),
    ]),
    model(1010, "Gone Fishing", [version(2090, [tensorFile(3090, "gone_fishing.safetensors")])], { mode: "Archived" }),
    model(1011, "Big Harbour", [
      version(2100, [
        tensorFile(3100, "bigHarbour_v10.safetensors", {
          dataBytes: bigBytes,
          tensors: unet,
          metadata: { size: "full", fp: "fp16" },
        }),
      ]),
    ], { type: "Checkpoint", tags: ["base model"] }),
    model(1012, "Look Do Not Touch", [
      version(2110, [tensorFile(3110, "look_do_not_touch.safetensors")], { usageControl: "Generation" }),
    ]),
    model(1013, "Campfire Stories", [version(2120, [tensorFile(3120, "campfire_stories.safetensors")])], {
      nsfwLevel: 4,
    }),
  ];
}

/** The file with this id. */
export function findFile(models: readonly CatalogueModel[], id: number): Found | undefined {
  for (const model of models) {
    for (const version of model.versions) {
      const file = version.files.find((one) => one.id === id);
      if (file) return { model, version, file };
    }
  }
}

/** The version with this id. */
export function findVersion(
  models: readonly CatalogueModel[],
  id: number,
): { model: CatalogueModel; version: CatalogueVersion } | undefined {
  for (const model of models) {
    const version = model.versions.find((one) => one.id === id);
    if (version) return { model, version };
  }
}
