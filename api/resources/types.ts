/** What a model is. Open: the site adds kinds, and old data holds others. */
export type ModelType =
  | "Checkpoint"
  | "TextualInversion"
  | "Hypernetwork"
  | "AestheticGradient"
  | "LORA"
  | "LoCon"
  | "DoRA"
  | "Controlnet"
  | "Upscaler"
  | "MotionModule"
  | "VAE"
  | "TextEncoder"
  | "UNet"
  | "CLIPVision"
  | "Poses"
  | "Wildcards"
  | "Workflows"
  | "ComfyWorkflows"
  | "Detection"
  | "VisionLanguage"
  | "CLIP"
  | "LLM"
  | "Other"
  | (string & Record<never, never>);

/** What one file of a version is for. Open. */
export type ModelFileType =
  | "Model"
  | "Text Encoder"
  | "Vision Encoder"
  | "Pruned Model"
  | "Negative"
  | "Training Data"
  | "VAE"
  | "Config"
  | "Archive"
  | "UNet"
  | "Diffusion Model"
  | "CLIPVision"
  | "ControlNet"
  | "Workflow"
  | "Upscaler"
  | "Enhancement LoRA"
  | "Other"
  | (string & Record<never, never>);

/** How a file's weights are stored. Open. */
export type FileFormat =
  | "SafeTensor"
  | "PickleTensor"
  | "GGUF"
  | "Diffusers"
  | "Core ML"
  | "ONNX"
  | "Other"
  | (string & Record<never, never>);

/** What a scan of a file found. Open. */
export type ScanResult = "Pending" | "Success" | "Danger" | "Error" | (string & Record<never, never>);

/** Who may see a model or a version. Open. */
export type Availability = "Public" | "Unsearchable" | "Private" | "EarlyAccess" | (string & Record<never, never>);

/** What the creator lets others do with a version; only `Download` can be downloaded. Open. */
export type UsageControl =
  | "Download"
  | "Generation"
  | "InternalGeneration"
  | "ExternalGeneration"
  | (string & Record<never, never>);

/** Why a model is out of the ordinary; the key is missing on an ordinary one. Open. */
export type ModelMode = "Archived" | "TakenDown" | (string & Record<never, never>);

/**
 * The hashes of one file, in hexadecimal digits, upper case. Any may be missing, and all are while the site still scans
 * the file. CRC32 is shown with its bytes reversed.
 */
export interface Hashes {
  /** The whole file, 64 digits. */
  SHA256?: string | null;
  /** The whole file, 64 digits. */
  BLAKE3?: string | null;
  /** The whole file, 8 digits, bytes in the opposite order of the usual CRC-32. */
  CRC32?: string | null;
  /** First 8 digits of the SHA-256 of 64 KiB from offset 1 MiB. */
  AutoV1?: string | null;
  /** First 10 digits of the SHA-256. */
  AutoV2?: string | null;
  /** SHA-256 of a .safetensors file without its header: 12 digits, 64 in data of late 2023. */
  AutoV3?: string | null;
  /** Kinds that came later. */
  [kind: string]: string | null | undefined;
}

/** What tells the files of a version apart. */
export interface FileMetadata {
  /** How the weights are stored. */
  format?: FileFormat | null;
  /** `full` or `pruned`. */
  size?: string | null;
  /** Number format of the weights, such as `fp16`. */
  fp?: string | null;
  /** Quantisation, such as `Q4_K_M`. */
  quantType?: string | null;
  /** Tells whether the version does not work without this file. */
  isRequired?: boolean | null;
}

/** One file of a version. */
export interface ModelFile {
  /** Names the file; ask for it by this in a download URL. */
  id: number;
  /** The name it is downloaded under. Comes from people: make it safe before it touches a disk. */
  name: string;
  /** The creator's own choice of name. */
  overrideName?: string | null;
  /** Size in KiB, usually with a fraction that makes the bytes exact. */
  sizeKB?: number | null;
  /** What the file is for. */
  type: ModelFileType;
  /** What tells it apart from its siblings. */
  metadata?: FileMetadata | null;
  /** What the pickle scan found. `Error` on a Config file is common and harmless. */
  pickleScanResult?: ScanResult | null;
  /** The pickle scan in words, sometimes Markdown. */
  pickleScanMessage?: string | null;
  /** What the virus scan found. */
  virusScanResult?: ScanResult | null;
  /** The virus scan in words. */
  virusScanMessage?: string | null;
  /** ISO 8601; without a zone (then UTC) from model-versions by id. */
  scannedAt?: string | null;
  /** Hashes; empty while the site scans the file. */
  hashes?: Hashes | null;
  /** Tells whether this is the version's main file; missing means no. */
  primary?: boolean | null;
  /** As sent; the origin can be broken, and the bare form does not always give this very file. */
  downloadUrl?: string | null;
}

/** A picture, video or sound that shows a model at work. */
export interface ModelImage {
  /** Only in lists; elsewhere it is the file name in `url`. */
  id?: number | null;
  /** Where it is; the extension tells only the media class. */
  url: string;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; text in old data. */
  nsfwLevel?: number | string | null;
  /** Until 2023: a boolean, later a word such as `None`. */
  nsfw?: boolean | string | null;
  /** Pixels. */
  width?: number | null;
  /** Pixels. */
  height?: number | null;
  /** A BlurHash. */
  hash?: string | null;
  /** `image`, `video` or `audio`; missing in old data (then an image). */
  type?: "image" | "video" | "audio" | (string & Record<never, never>) | null;
  /** Marked as showing a minor. */
  minor?: boolean | null;
  /** Marked as showing a real person. */
  poi?: boolean | null;
  /** Tells whether generation data exists. */
  hasMeta?: boolean | null;
  /** Tells whether the prompt is public. */
  hasPositivePrompt?: boolean | null;
  /** Made on the site. */
  onSite?: boolean | null;
  /** The image it remixes. */
  remixOfId?: number | null;
  /** Facts about the file. */
  metadata?: Record<string, unknown> | null;
  /** Generation data, free-form. */
  meta?: Record<string, unknown> | null;
  /** Who may see it. */
  availability?: Availability | null;
}

/** Counts. Hidden or brand-new ones are null; ratings went away in 2026, thumbs came in 2024. */
export interface Stats {
  /** Downloads. */
  downloadCount?: number | null;
  /** Thumbs up. */
  thumbsUpCount?: number | null;
  /** Thumbs down. */
  thumbsDownCount?: number | null;
  /** Comments. */
  commentCount?: number | null;
  /** Buzz given. */
  tippedAmountCount?: number | null;
  /** Always 0 since 2024. */
  favoriteCount?: number | null;
  /** Until 2025. */
  ratingCount?: number | null;
  /** Until 2025. */
  rating?: number | null;
}

/** Access that is sold, for a time or for good. */
export interface PaidAccess {
  /** Tells whether it never becomes free. */
  permanent?: boolean | null;
  /** When it becomes free, ISO 8601. */
  endsAt?: string | null;
}

/** A version as it stands inside a {@linkcode Model}. */
export interface ListVersion {
  /** Names the version. */
  id: number;
  /** Place in the site's order, newest first, from 0; missing in old data. */
  index?: number | null;
  /** The creator's name for it. */
  name: string;
  /** What it was made for, such as `SDXL 1.0`. Open: see the site's enums. */
  baseModel?: string | null;
  /** `Standard`, `Inpainting`, `Refiner` or `Pix2Pix`. */
  baseModelType?: string | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** ISO 8601; by id and in old data only. */
  createdAt?: string | null;
  /** ISO 8601; in old data only. */
  updatedAt?: string | null;
  /** `Published`; by id only. */
  status?: string | null;
  /** Who may see it. */
  availability?: Availability | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; 0 is not rated yet. */
  nsfwLevel?: number | null;
  /** HTML. */
  description?: string | null;
  /** Words that wake it up; missing when there are none. */
  trainedWords?: string[] | null;
  /** A VAE that belongs to it, as a version id. */
  vaeId?: number | null;
  /** Until when it is in early access, ISO 8601. */
  earlyAccessDeadline?: string | null;
  /** Days of early access; in data of 2022-23. */
  earlyAccessTimeFrame?: number | null;
  /** Access that is sold. */
  paidAccess?: PaidAccess | null;
  /** Counts. */
  stats?: Stats | null;
  /** Tells whether the site can generate with it. */
  supportsGeneration?: boolean | null;
  /** Its files; missing or empty when archived. */
  files?: ModelFile[] | null;
  /** At most 20. */
  images?: ModelImage[] | null;
  /** Missing when archived. */
  downloadUrl?: string | null;
}

/** Who made a model. */
export interface Creator {
  /** Null for some deleted users; a number when the name is made of digits. */
  username?: string | number | null;
  /** The avatar's URL. */
  image?: string | null;
}

/** A model with its versions, as `GET /models` and `GET /models/:id` send it. Keys not named here are kept. */
export interface Model {
  /** Names the model. */
  id: number;
  /** The creator's name for it. */
  name: string;
  /** HTML. */
  description?: string | null;
  /** What it is. */
  type: ModelType;
  /** Marked as mature. */
  nsfw?: boolean | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; 0 is not rated yet. */
  nsfwLevel?: number | null;
  /** Marked as showing minors. */
  minor?: boolean | null;
  /** Shown with safe content only. */
  sfwOnly?: boolean | null;
  /** Marked as showing a real person. */
  poi?: boolean | null;
  /** Missing on an ordinary model. */
  mode?: ModelMode | null;
  /** Who may see it. */
  availability?: Availability | null;
  /** The creator's id; in lists only. */
  userId?: number | null;
  /** What its versions were made for; in lists only. */
  baseModels?: string[] | null;
  /** License: credit may be left out. */
  allowNoCredit?: boolean | null;
  /** License: derivatives are allowed. */
  allowDerivatives?: boolean | null;
  /** License: derivatives may have another license. */
  allowDifferentLicense?: boolean | null;
  /** License: kinds of commercial use; in old data one word, or `{Image,Rent}`. */
  allowCommercialUse?: string[] | string | null;
  /** Tells whether the site can generate with it. */
  supportsGeneration?: boolean | null;
  /** Tells whether some version is sold. */
  hasActivePaidAccess?: boolean | null;
  /** Counts. */
  stats?: Stats | null;
  /** Missing for the house account and deleted users. */
  creator?: Creator | null;
  /** Tags; objects in very old data. */
  tags?: (string | { name: string })[] | null;
  /** Newest first, in the site's order. */
  modelVersions: ListVersion[];
}

/** A version with its files, as `GET /model-versions/:id` and by-hash send it. Keys not named here are kept. */
export interface Version {
  /** Names the version. */
  id: number;
  /** The model it belongs to. */
  modelId?: number | null;
  /** The creator's name for it. */
  name: string;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32. */
  nsfwLevel?: number | null;
  /** ISO 8601. */
  createdAt?: string | null;
  /** ISO 8601. */
  updatedAt?: string | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** `Published`. */
  status?: string | null;
  /** Words that wake it up. */
  trainedWords?: string[] | null;
  /** State of training on the site. */
  trainingStatus?: string | null;
  /** How it was trained on the site. */
  trainingDetails?: Record<string, unknown> | null;
  /** What it was made for, such as `SDXL 1.0`. Open: see the site's enums. */
  baseModel?: string | null;
  /** `Standard`, `Inpainting`, `Refiner` or `Pix2Pix`. */
  baseModelType?: string | null;
  /** HTML. */
  description?: string | null;
  /** `Created` or `Trained`. */
  uploadType?: string | null;
  /** Only here, not on models: anything but `Download` can never be downloaded, whatever `downloadUrl` says. */
  usageControl?: UsageControl | null;
  /** Fee for commercial generation. */
  licensingFee?: number | null;
  /** Access that is sold. */
  paidAccess?: PaidAccess | null;
  /** Until 2025. */
  availability?: Availability | null;
  /** Until 2025, ISO 8601. */
  earlyAccessEndsAt?: string | null;
  /** Until 2025. */
  earlyAccessConfig?: Record<string, unknown> | null;
  /** Days of early access; in data of 2022-23. */
  earlyAccessTimeFrame?: number | null;
  /** Its URN, without a file. */
  air?: string | null;
  /** Counts. */
  stats?: Stats | null;
  /** The model it belongs to, in short. */
  model: {
    /** The creator's name for it. */
    name: string;
    /** What it is. */
    type: ModelType;
    /** Marked as mature. */
    nsfw?: boolean | null;
    /** Marked as showing a real person. */
    poi?: boolean | null;
    /** Missing on an ordinary model. */
    mode?: ModelMode | null;
  };
  /** Its files; a linked VAE of another version comes last. */
  files?: ModelFile[] | null;
  /** At most 10. */
  images?: ModelImage[] | null;
  /** Sent even when `usageControl` forbids downloads; missing when archived. */
  downloadUrl?: string | null;
}
