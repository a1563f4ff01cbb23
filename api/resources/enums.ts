import * as v from "valibot";
import type { Call, CallOptions } from "../client/call.ts";
import { texts } from "../client/schema_parts.ts";

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

/** The words the site knows. Lists not named here are kept. */
export interface Enums {
  /** What models are. */
  ModelType?: string[] | null;
  /** What files are for. */
  ModelFileType?: string[] | null;
  /** Base models that can be chosen today. */
  ActiveBaseModel?: string[] | null;
  /** All base models. */
  BaseModel?: string[] | null;
  /** `Standard`, `Inpainting`, ... */
  BaseModelType?: string[] | null;
}

/** Asks for the words the site knows. */
export type EnumsCall = (options?: CallOptions) => Promise<Enums>;

const schema: v.GenericSchema<unknown, Enums> = v.looseObject({
  ModelType: texts,
  ModelFileType: texts,
  ActiveBaseModel: texts,
  BaseModel: texts,
  BaseModelType: texts,
});

/** Makes {@linkcode EnumsCall} on top of `call`. */
export function enums(call: Call): EnumsCall {
  return ({ signal } = {}) => call({ path: "/enums", route: "/enums", schema, signal });
}

/** The first of the `wanted` base models that the site does not know; undefined when it knows them, or does not say. */
export async function unknownBaseModel(
  enums: EnumsCall,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { BaseModel: all, ActiveBaseModel: active } = await enums({ signal });
  const known = new Set([...all ?? [], ...active ?? []]);
  return known.size === 0 ? undefined : wanted.find((name) => !known.has(name));
}
