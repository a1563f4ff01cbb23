import { familyOf } from "../resources/base_models.ts";
import { isDiffusionBase } from "./diffusion_bases.ts";
import type { Role } from "./role.ts";

/** Folders below the program's own folder, for each role. */
export type Folders = Readonly<Record<Role, string>>;

const a1111: Folders = {
  checkpoint: "models/Stable-diffusion",
  diffusion: "models/Stable-diffusion",
  lora: "models/Lora",
  embedding: "embeddings",
  hypernetwork: "models/hypernetworks",
  aesthetic: "extensions/stable-diffusion-webui-aesthetic-gradients/aesthetic_embeddings",
  controlnet: "models/ControlNet",
  upscaler: "models/ESRGAN",
  motion: "extensions/sd-webui-animatediff/model",
  vae: "models/VAE",
  textEncoder: "models/text_encoder",
  clipVision: "models/clip_vision",
  poses: "models/Poses",
  wildcards: "extensions/sd-dynamic-prompts/wildcards",
  workflow: "models/Workflows",
  detection: "models/adetailer",
  llm: "models/LLM",
  training: "models/TrainingData",
  other: "models/Other",
};

const comfyui: Folders = {
  checkpoint: "models/checkpoints",
  diffusion: "models/diffusion_models",
  lora: "models/loras",
  embedding: "models/embeddings",
  hypernetwork: "models/hypernetworks",
  aesthetic: "models/aesthetic_embeddings",
  controlnet: "models/controlnet",
  upscaler: "models/upscale_models",
  motion: "models/animatediff_models",
  vae: "models/vae",
  textEncoder: "models/text_encoders",
  clipVision: "models/clip_vision",
  poses: "models/poses",
  wildcards: "models/wildcards",
  workflow: "user/default/workflows",
  detection: "models/ultralytics/bbox",
  llm: "models/LLM",
  training: "models/training_data",
  other: "models/other",
};

const sdnext: Folders = {
  checkpoint: "models/Stable-diffusion",
  diffusion: "models/UNET",
  lora: "models/Lora",
  embedding: "models/embeddings",
  hypernetwork: "models/hypernetworks",
  aesthetic: "models/aesthetic_embeddings",
  controlnet: "models/control/controlnet",
  upscaler: "models/ESRGAN",
  motion: "models/AnimateDiff",
  vae: "models/VAE",
  textEncoder: "models/Text-encoder",
  clipVision: "models/CLIP",
  poses: "models/poses",
  wildcards: "models/wildcards",
  workflow: "models/workflows",
  detection: "models/yolo",
  llm: "models/LLM",
  training: "models/TrainingData",
  other: "models/Other",
};

/** Below `models/<base>/`, as InvokeAI's model manager names its types. */
const invokeai: Folders = {
  checkpoint: "main",
  diffusion: "main",
  lora: "lora",
  embedding: "embedding",
  hypernetwork: "hypernetwork",
  aesthetic: "aesthetic_gradient",
  controlnet: "controlnet",
  upscaler: "spandrel_image_to_image",
  motion: "motion_module",
  vae: "vae",
  textEncoder: "t5_encoder",
  clipVision: "clip_vision",
  poses: "poses",
  wildcards: "wildcards",
  workflow: "workflow",
  detection: "detection",
  llm: "llm",
  training: "training_data",
  other: "other",
};

/** Roles that belong to no family of base models. */
const familyless: ReadonlySet<Role> = new Set(["upscaler", "textEncoder", "clipVision", "detection", "llm", "other"]);

/** Everything a file can be to a program. */
export const roles = Object.keys(comfyui) as readonly Role[];

/** Programs whose folders are known. */
export type ProfileName = "a1111" | "forge" | "comfyui" | "sdnext" | "invokeai" | "flat";

/** Where each program looks for a file of a role, relative to the program's own folder. */
export const profiles: Readonly<Record<ProfileName, (role: Role, baseModel: string) => string>> = {
  a1111: (role) => a1111[role],
  forge: (role) => a1111[role],
  comfyui: (role, baseModel) => comfyui[role === "checkpoint" && isDiffusionBase(baseModel) ? "diffusion" : role],
  sdnext: (role) => sdnext[role],
  invokeai: (role, baseModel) =>
    `models/${familyless.has(role) ? "any" : familyOf(baseModel).invokeai}/${invokeai[role]}`,
  flat: () => "",
};
