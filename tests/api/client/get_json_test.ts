import { ContentError, getJson, HttpError, InputError, InvalidResponseError } from "@civikit/civikit";
import { assertEquals, assertRejects } from "@std/assert";

/** What `getJson()` makes of an answer. */
const read = <T>(answer: Response, options?: { signal: AbortSignal }) =>
  getJson<T>({ fetch: () => Promise.resolve(answer) }, "https://civitai.com/api/v1/models/5?token=s3cret", options);

Deno.test("getJson() asks for JSON and gives it back, no digit lost", async () => {
  const asked: string[] = [];
  const transport = {
    fetch(request: Request) {
      asked.push(`${request.method} ${request.url} ${request.headers.get("accept")}`);
      return Promise.resolve(
        new Response(`{"seed":12345678901234567890}`, { headers: { "content-type": "text/json" } }),
      );
    },
  };
  const { seed } = await getJson<{ seed: string }>(transport, new URL("https://civitai.com/api/v1/images"));
  assertEquals(seed, "12345678901234567890");
  assertEquals(asked, ["GET https://civitai.com/api/v1/images application/json"]);
});

Deno.test("getJson() throws a typed error for every answer that is not JSON", async () => {
  const json = { headers: { "content-type": "application/json" } };
  const { code, status } = await assertRejects(() => read(Response.json({ error: "no" }, { status: 404 })), HttpError);
  assertEquals([code, status], ["not_found", 404]);
  await assertRejects(() => read(new Response("<html>")), ContentError, "JSON was due");
  const { message } = await assertRejects(() => read(new Response("{", json)), InvalidResponseError);
  assertEquals(message.includes("s3cret"), false);
  await assertRejects(() => getJson({ fetch: () => Promise.reject() }, "no url"), InputError, "not a URL");
});
