import type { LayoutFacts } from "./facts.ts";

/** What a file is to the program that loads it: the model's type, unless the file itself is something else. */
export type Role =
  | "checkpoint"
  | "diffusion"
  | "lora"
  | "embedding"
  | "hypernetwork"
  | "aesthetic"
  | "controlnet"
  | "upscaler"
  | "motion"
  | "vae"
  | "textEncoder"
  | "clipVision"
  | "poses"
  | "wildcards"
  | "workflow"
  | "detection"
  | "llm"
  | "training"
  | "other";

const byModel: Readonly<Record<string, Role>> = {
  Checkpoint: "checkpoint",
  TextualInversion: "embedding",
  Hypernetwork: "hypernetwork",
  AestheticGradient: "aesthetic",
  LORA: "lora",
  LoCon: "lora",
  DoRA: "lora",
  Controlnet: "controlnet",
  Upscaler: "upscaler",
  MotionModule: "motion",
  VAE: "vae",
  TextEncoder: "textEncoder",
  CLIP: "textEncoder",
  UNet: "diffusion",
  CLIPVision: "clipVision",
  Poses: "poses",
  Wildcards: "wildcards",
  Workflows: "workflow",
  ComfyWorkflows: "workflow",
  Detection: "detection",
  VisionLanguage: "llm",
  LLM: "llm",
};

/** Files that are something of their own, whatever model they come with. A Config or an Archive stays with its model. */
const byFile: Readonly<Record<string, Role>> = {
  VAE: "vae",
  "Text Encoder": "textEncoder",
  "Vision Encoder": "clipVision",
  CLIPVision: "clipVision",
  Negative: "embedding",
  UNet: "diffusion",
  "Diffusion Model": "diffusion",
  ControlNet: "controlnet",
  Workflow: "workflow",
  Upscaler: "upscaler",
  "Enhancement LoRA": "lora",
  "Training Data": "training",
};

/** The role of models of a type, in upper or lower case; undefined for types nobody knows. */
export function roleOfType(type: string): Role | undefined {
  const known = Object.keys(byModel).find((name) => name.toLowerCase() === type.toLowerCase());
  return known === undefined ? undefined : byModel[known];
}

/** The types of models that have a role, the usual one first. */
export function typesOf(role: Role): readonly string[] {
  return Object.keys(byModel).filter((type) => byModel[type] === role);
}

/** The role of a file. Types the site adds later are `other`. */
export function roleOf({ modelType, fileType = "Model", format }: LayoutFacts): Role {
  const role = byFile[fileType] ?? byModel[modelType] ?? "other";
  // A GGUF holds the diffusion model alone; no program loads it as a whole checkpoint.
  return role === "checkpoint" && format === "GGUF" ? "diffusion" : role;
}
