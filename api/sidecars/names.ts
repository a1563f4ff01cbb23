/** `path` without its extension, with `ending` in its place: `a.safetensors`, `.civitai.info` gives `a.civitai.info`. */
export function sidecarPath(path: string, ending: string): string {
  return path.replace(/(?:\.[^./\\]*)?$/, "") + ending;
}
