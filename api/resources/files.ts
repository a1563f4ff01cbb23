import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";

/** The header of a safetensors file as the site has read it: free-form. */
export type TensorMetadata = Record<string, unknown>;

/** Files of versions. */
export interface Files {
  /**
   * The header of a safetensors file, without downloading the file; it never changes.
   *
   * @param options `summaryOnly`: counts and metadata, not every tensor.
   * @throws {HttpError} `not_found`, `forbidden`, `gone`, or `client_error` (422) when it is no safetensors file.
   */
  tensorMetadata(fileId: number, options?: CallOptions & { summaryOnly?: boolean }): Promise<TensorMetadata>;
}

const schema: v.GenericSchema<unknown, TensorMetadata> = v.record(v.string(), v.unknown());

/** Makes {@linkcode Files} on top of `call`. */
export function files(call: Call): Files {
  return {
    tensorMetadata: async (fileId, { summaryOnly, signal } = {}) =>
      await call({
        path: `/model-files/${checkedId(fileId, "file")}/tensor-metadata`,
        route: "/model-files/:id/tensor-metadata",
        // any text might count as true: the switch is left out when it is off
        query: { summaryOnly: summaryOnly || undefined },
        schema,
        signal,
      }),
  };
}
