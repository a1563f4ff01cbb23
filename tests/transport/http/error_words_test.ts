import { assertEquals } from "@std/assert";
import { errorWords } from "../../../transport/http/error_words.ts";
import { httpError } from "../../../transport/http/http_status.ts";

const issues = [{ code: "invalid_type", path: ["limit"], message: "Expected number" }, { path: [], message: "Bad" }];

const bodies: [string, string | undefined][] = [
  ['{"error":"No model with id 5"}', "No model with id 5"],
  ['{"message":"User not found"}', "User not found"],
  [
    '{"error":"Unauthorized","message":"The creator of this asset requires you to be logged in to download it"}',
    "Unauthorized: The creator of this asset requires you to be logged in to download it",
  ],
  [JSON.stringify({ error: { name: "ZodError", message: JSON.stringify(issues) } }), "limit: Expected number; Bad"],
  [JSON.stringify({ error: { name: "ZodError", issues } }), "limit: Expected number; Bad"],
  [JSON.stringify(issues), "limit: Expected number; Bad"],
  [JSON.stringify({ name: "ZodError", message: JSON.stringify(issues) }), "limit: Expected number; Bad"],
  ['{"error":"✖ Invalid input: expected number\\n  → at id"}', "✖ Invalid input: expected number → at id"],
  ['{"error":{"formErrors":[],"fieldErrors":{"a":["too short"]}}}', "a: too short"],
  ['{"error":{"formErrors":[],"fieldErrors":{}}}', undefined],
  ['{"message":"An unexpected error occurred","error":{}}', "An unexpected error occurred"],
  [
    '{"error":"canceling statement due to statement timeout","code":"57014"}',
    "canceling statement due to statement timeout",
  ],
  ["Not found", "Not found"],
  ['"just text"', "just text"],
  ["", undefined],
  ["  \n", undefined],
  ["{}", undefined],
  ["[]", undefined],
  ["null", undefined],
  ["5", undefined],
  ["<!doctype html><title>Be back</title>", undefined],
  ['{"error":"see https://b2.example/x?X-Amz-Signature=abc"}', "see https://b2.example/x?[redacted]"],
];

Deno.test("errorWords() finds the words in every shape of error", () => {
  for (const [body, expected] of bodies) assertEquals(errorWords(body), expected, body);
});

Deno.test("errorWords() stays short and ends, however deep or long the answer", () => {
  assertEquals(errorWords(JSON.stringify({ error: "x".repeat(10_000) }))!.length, 201);
  const deep = `${'{"error":'.repeat(2000)}"x"${"}".repeat(2000)}`;
  assertEquals(errorWords(deep), undefined);
});

Deno.test("an HttpError's message ends with the server's words, short and without secrets, where there are some", async () => {
  const request = new Request("https://civitai.com/api/v1/models/5");
  const messageOf = async (body: string | null, type = "application/json") =>
    (await httpError(new Response(body, { status: 404, headers: { "content-type": type } }), request)).message;
  const plain = `GET "${request.url}": HTTP 404`;
  assertEquals(await messageOf('{"error":"No model with id 5"}'), `${plain}: No model with id 5`);
  assertEquals(
    await messageOf('{"error":"token s3cr3t0123456789abcdef is wrong"}'),
    `${plain}: token [redacted] is wrong`,
  );
  assertEquals((await messageOf("x".repeat(5000), "text/plain")).length, plain.length + 2 + 201);
  for (const body of ["<html>gone</html>", "{}", null]) assertEquals(await messageOf(body), plain);
});
