import { type Civitai as Api, civitai } from "@civikit/civikit/api";
import { CivikitError, fetchTransport, type Transport } from "@civikit/civikit/transport";
import { assertInstanceOf } from "@std/assert";
import { type Civitai, type CivitaiOptions, startCivitai } from "../_civitai/mod.ts";

/** A running embedded Civitai, and the API on it. */
export interface OnSite {
  readonly site: Civitai;
  readonly api: Api;
  /** The API with a key. */
  readonly keyed: (key: string) => Api;
  readonly transport: Transport;
  /** Paths with queries asked for since the last call, `/api/v1` cut off. */
  asked(): string[];
}

/** Runs `work` against an embedded Civitai with small files. */
export async function withSite(work: (on: OnSite) => Promise<void>, options: CivitaiOptions = {}): Promise<void> {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768, ...options });
  using transport = fetchTransport();
  const keyed = (key: string) =>
    civitai({
      fetch(request) {
        const headers = new Headers(request.headers);
        headers.set("authorization", `Bearer ${key}`);
        return transport.fetch(new Request(request, { headers }));
      },
    }, { baseUrl: site.url });
  const asked = () => site.log.splice(0).map(({ path, query }) => `${path.replace("/api/v1", "")}?${query}`);
  await work({ site, api: civitai(transport, { baseUrl: site.url }), keyed, transport, asked });
}

/** The code of an error of ours. */
export function codeOf(error: unknown): string {
  assertInstanceOf(error, CivikitError);
  return error.code;
}
