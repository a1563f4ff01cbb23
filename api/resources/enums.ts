import * as v from "valibot";
import type { Call, CallOptions } from "../client/call.ts";
import { texts } from "../client/schema_parts.ts";

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
