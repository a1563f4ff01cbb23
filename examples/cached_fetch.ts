// deno run --allow-net --allow-read=. --allow-write=. --allow-env=CIVIKIT_BASE_URL examples/cached_fetch.ts
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** A `fetch` for any library that takes one: retried, limited per host, and cached on the disk. Run it twice. */
import { createTransport, sqliteStore, toFetch } from "@civikit/civikit";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

const store = sqliteStore("civikit_cache.sqlite");
using transport = createTransport({ cache: store });
const fetch = toFetch(transport);

const response = await fetch(`${baseUrl}/api/v1/tags?limit=5`, { headers: { accept: "application/json" } });
const { items } = await response.json();
console.log(response.headers.get("cache-status"));
console.log(items.map(({ name }: { name: string }) => name).join(", "));
store.close();
