import { isRecord } from "../../transport/internal.ts";
import { looseJson } from "./loose_json.ts";

const graphOf = (value: unknown) => typeof value === "string" ? looseJson(value) : value;

const inputsOf = (node: unknown): Record<string, unknown> =>
  isRecord(node) && isRecord(node["inputs"]) ? node["inputs"] : {};

/** What a link leads to, followed until a node has a text; a graph can lead in circles. */
function linkedText(graph: Record<string, unknown>, link: unknown, depth = 0): string | undefined {
  if (!Array.isArray(link) || depth > 10) return undefined;
  const inputs = inputsOf(graph[String(link[0])]);
  for (const value of [inputs["text"], inputs["string"], inputs["text_g"]]) {
    if (typeof value === "string") return value;
    if (Array.isArray(value)) return linkedText(graph, value, depth + 1);
  }
  return linkedText(graph, inputs["conditioning"] ?? inputs["positive"], depth + 1);
}

/** What {@linkcode readComfy} finds. */
export interface ComfyFacts {
  /** Text of the positive side. */
  prompt?: string;
  /** Text of the negative side. */
  negativePrompt?: string;
  /** Seed of the first sampler. */
  seed?: string;
  /** Its steps. */
  steps?: number;
  /** Its name. */
  sampler?: string;
  /** Its strength. */
  cfgScale?: number;
  /** The graphs. */
  comfy?: { prompt?: unknown; workflow?: unknown; text?: string };
}

/** Reads ComfyUI's graphs: both as they are, and from the first sampler of the one that ran, what it was told. */
export function readComfy(graphs: Readonly<Record<string, unknown>>): ComfyFacts {
  const prompt = graphOf(graphs["prompt"]);
  const workflow = graphOf(graphs["workflow"]);
  const unread = [prompt === undefined && graphs["prompt"], workflow === undefined && graphs["workflow"]];
  const text = unread.filter((graph) => typeof graph === "string").join("\n");
  const facts: ComfyFacts = {
    comfy: {
      ...(prompt !== undefined && { prompt }),
      ...(workflow !== undefined && { workflow }),
      ...(text !== "" && { text }),
    },
  };
  if (!isRecord(prompt)) return facts;
  const sampler = Object.values(prompt).map(inputsOf).find((inputs) => "steps" in inputs && "positive" in inputs);
  if (sampler === undefined) return facts;
  const { steps, cfg, sampler_name: name, positive, negative } = sampler;
  const seed = sampler["seed"] ?? sampler["noise_seed"];
  const words = linkedText(prompt, positive);
  const unwanted = linkedText(prompt, negative);
  if (words !== undefined) facts.prompt = words;
  if (unwanted !== undefined) facts.negativePrompt = unwanted;
  if (typeof seed === "number" || typeof seed === "string") facts.seed = String(seed);
  if (typeof steps === "number") facts.steps = steps;
  if (typeof name === "string") facts.sampler = name;
  if (typeof cfg === "number") facts.cfgScale = cfg;
  return facts;
}
