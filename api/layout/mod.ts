export { type LayoutFacts, layoutFacts } from "./facts.ts";
export { type Layout, layout, layoutNames } from "./layout.ts";
export type { ProfileName } from "./profiles.ts";
