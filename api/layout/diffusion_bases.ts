/**
 * Base models whose files hold the diffusion model alone, though the site calls them checkpoints: ComfyUI loads them from
 * models/diffusion_models, and their text encoders and VAE from folders of their own. With the source of each.
 *
 * Not here are those that come as one checkpoint with everything in it: SD 1 to 3.5, SDXL, Pony, Illustrious, NoobAI,
 * Stable Cascade, SVD, AuraFlow, Hunyuan 1, Lumina.
 */
const diffusionBases: readonly (readonly [bases: RegExp, source: string])[] = [
  [/^wan\b/i, "huggingface.co/Comfy-Org/Wan_2.1_ComfyUI_repackaged: split_files/diffusion_models"],
  [/^qwen\b/i, "huggingface.co/Comfy-Org/Qwen-Image_ComfyUI: split_files/diffusion_models"],
  [/^flux\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^z-?image/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^hunyuan video\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^ltxv/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^mochi\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^cogvideox\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^hidream\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^chroma\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^pixart\b/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
  [/^anima$/i, "ComfyUI-Lora-Manager: py/utils/constants.py"],
];

/** Tells whether what is published as a checkpoint for `baseModel` is a diffusion model without text encoder and VAE. */
export function isDiffusionBase(baseModel: string | null | undefined): boolean {
  return diffusionBases.some(([bases]) => bases.test(baseModel ?? ""));
}
