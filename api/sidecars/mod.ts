export { type ModelInfo, readModelInfo } from "./model_info.ts";
export { type SidecarOptions, type SidecarOutcome, writeSidecars } from "./write_sidecars.ts";
