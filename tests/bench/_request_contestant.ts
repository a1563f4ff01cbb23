/**
 * One contestant of `request.ts`, in a process of its own, as in a program that uses it: contestants in one process share a
 * heap, and slow each other down.
 *
 *     _request_contestant.ts NAME URL
 *
 * @module
 */
import { createTransport } from "../../mod.ts";
import { createCall } from "../../api/client/call.ts";
import { takeTurn } from "./_turns.ts";

const [name = "", address = ""] = Deno.args;
const headers = { accept: "application/json" };
const json = async (answer: Promise<Response>) => await (await answer).json();

/** What every contestant makes of `url`, by name; a package is loaded only by the one that is about it. */
const contestants: Record<string, () => Promise<(url: string) => Promise<unknown>>> = {
  "bare fetch": () => Promise.resolve((url) => json(fetch(url, { headers }))),
  // what a stack that takes requests cannot be faster than
  "fetch(Request)": () => Promise.resolve((url) => json(fetch(new Request(url, { headers })))),
  // the least that can be given up: a fetch that may be aborted, with the fields that are sent, by a Request of the caller's
  "bound": () =>
    Promise.resolve(async (url) => {
      const { url: to, headers: given, signal } = new Request(url, { headers });
      const fields: Record<string, string> = { "user-agent": "bound" };
      given.forEach((value, name) => fields[name] = value);
      const aborter = new AbortController();
      const abort = () => aborter.abort(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      const value = await json(fetch(to, { headers: fields, redirect: "manual", signal: aborter.signal }));
      signal.removeEventListener("abort", abort);
      return value;
    }),
  // the same with what each call of ours is promised beside: an end in time, by one timer for all, and a look at the status
  "bound, timeout": () => {
    const limitMs = 30_000;
    const underWay = new Set<{ readonly due: number; readonly aborter: AbortController }>();
    const look = () => {
      for (const { due, aborter } of underWay) {
        if (due > performance.now()) break;
        aborter.abort(new DOMException("too late", "TimeoutError"));
      }
    };
    Deno.unrefTimer(setInterval(look, 1000));
    return Promise.resolve(async (url) => {
      const { url: to, headers: given, signal } = new Request(url, { headers });
      const fields: Record<string, string> = { "user-agent": "bound" };
      given.forEach((value, name) => fields[name] = value);
      const call = { due: performance.now() + limitMs, aborter: new AbortController() };
      const abort = () => call.aborter.abort(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      underWay.add(call);
      const response = await fetch(to, { headers: fields, redirect: "manual", signal: call.aborter.signal });
      if (!response.ok) throw new TypeError(`HTTP ${response.status}`);
      const value = await response.json();
      underWay.delete(call);
      signal.removeEventListener("abort", abort);
      return value;
    });
  },
  // «bound» without a Request, for who asks on behalf of others; that it is JSON is looked at
  "bound api": () =>
    Promise.resolve(async (url) => {
      const { signal } = new AbortController();
      const fields = { accept: "application/json", "user-agent": "bound" };
      const response = await fetch(url, { headers: fields, redirect: "manual", signal });
      if (!response.headers.get("content-type")?.includes("json")) throw new TypeError("no JSON");
      return JSON.parse(await response.text());
    }),
  "civikit": () => {
    const transport = createTransport({ rateLimit: { concurrency: 16 } });
    return Promise.resolve((url) => json(transport.fetch(new Request(url, { headers }))));
  },
  // the stack lets 8 at once through to a host unless told otherwise
  "civikit (8 at once)": () => {
    const transport = createTransport();
    return Promise.resolve((url) => json(transport.fetch(new Request(url, { headers }))));
  },
  // what every API module calls; what its check of the shape costs is for bench:api
  "civikit api": async () => {
    const { unknown } = await import("valibot");
    const call = createCall(createTransport({ rateLimit: { concurrency: 16 } }), new URL(address).origin);
    const schema = unknown();
    return (url) =>
      call({ path: "/models", route: "/models", query: { page: url.slice(url.indexOf("=") + 1) }, schema });
  },
  "ky": async () => {
    const { default: ky } = await import("npm:ky@2.1.0");
    return (url) => ky.get(url, { headers }).json();
  },
  "ofetch": async () => {
    const { ofetch } = await import("npm:ofetch@1.5.1");
    return (url) => ofetch(url, { headers });
  },
  // the same work: like each of ours, a call that does not end in time is given up
  "ofetch, timeout": async () => {
    const { ofetch } = await import("npm:ofetch@1.5.1");
    return (url) => ofetch(url, { headers, timeout: 30_000 });
  },
  "axios": async () => {
    const { default: axios } = await import("npm:axios@1.21.1");
    return async (url) => (await axios.get(url, { headers })).data;
  },
  "got": async () => {
    const { default: got } = await import("npm:got@16.1.0");
    return (url) => got(url, { headers }).json();
  },
};

const ask = await contestants[name]!();
let page = 0;
// no two are the same: dedupe would make one request of them, and win a race it did not run
await takeTurn(() => ask(`${address}?page=${++page}`));
