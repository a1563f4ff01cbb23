// deno-lint-ignore-file no-console -- what it prints is what it is for
import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { civitai } from "@civikit/civikit/api";
import {
  CivikitError,
  ContentError,
  fetchTransport,
  HttpError,
  InputError,
  NetworkError,
} from "@civikit/civikit/transport";
import { withApi } from "./_server.ts";

const model = { id: 5, name: "A", type: "LORA", modelVersions: [] };
const html = (text: string, status = 200) => new Response(text, { status, headers: { "content-type": "text/html" } });

function code(error: unknown): string {
  assertInstanceOf(error, CivikitError);
  return error.code;
}

Deno.test("civitai() asks for JSON", async () => {
  await withApi({ "/api/v1/models/5": model }, async ({ api, headers }) => {
    assertEquals(await api.models.get(5) as unknown, model);
    assertEquals(headers[0]!.get("accept"), "application/json");
  });
});

Deno.test("me() gives the owner of the key", async () => {
  const me = { id: 1, username: 12345, tier: "free", status: "active", isMember: false, subscriptions: [], later: 1 };
  await withApi({ "/api/v1/me": me }, async ({ api }) => assertEquals(await api.me() as unknown, me));
});

Deno.test("civitai() throws HttpError with the site's own words and the finer code", async () => {
  const body = { error: "Unauthorized", message: "The creator of this asset requires you to be logged in" };
  const routes = { "/api/v1/models/5": () => Response.json(body, { status: 401 }) };
  await withApi(routes, async ({ api }) => {
    const error = await assertRejects(() => api.models.get(5));
    assertInstanceOf(error, HttpError);
    assertEquals([error.status, error.code], [401, "login_required"]);
    assertStringIncludes(error.message, "requires you to be logged in");
    assertEquals(code(await assertRejects(() => api.models.get(6))), "not_found");
  });
});

Deno.test("civitai() refuses an id before asking", async () => {
  await withApi({}, async ({ api, asked }) => {
    for (const id of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
      const error = await assertRejects(() => api.models.get(id));
      assertInstanceOf(error, InputError);
      assertEquals(error.code, "invalid_argument");
      assertEquals(code(await assertRejects(() => api.versions.get(id))), "invalid_argument");
    }
    for (const hash of ["", "abc", "../../me", "Z".repeat(64), "a".repeat(65)]) {
      assertEquals(code(await assertRejects(() => api.versions.byHash(hash))), "invalid_argument");
    }
    for (const limit of [0, 101, 1.5]) {
      const first = () => api.models.list({ limit }).next();
      assertEquals(code(await assertRejects(first)), "invalid_argument");
    }
    assertEquals(asked, []);
  });
});

Deno.test("civitai() calls HTML where JSON is due a failure of the server", async () => {
  const routes = { "/api/v1/models/5": () => html("<title>Be back in a few minutes</title>") };
  await withApi(routes, async ({ api }) => {
    const error = await assertRejects(() => api.models.get(5));
    assertInstanceOf(error, ContentError);
    assertEquals(error.code, "unexpected_content");
    assertStringIncludes(error.message, "Be back");
  });
});

Deno.test("civitai() tells a login page at the end of a redirect", async () => {
  const routes = {
    "/api/v1/models/5": (request: Request) => Response.redirect(new URL("/login?returnUrl=x", request.url), 307),
    "/login?returnUrl=x": () => html("<form>"),
  };
  await withApi(routes, async ({ api }) => {
    assertEquals(code(await assertRejects(() => api.models.get(5))), "login_required");
  });
});

Deno.test("civitai() names broken JSON and bears raw control characters in text", async () => {
  const json = (text: string) => () =>
    new Response(text, { headers: { "content-type": "application/json; charset=utf-8" } });
  const routes = {
    "/api/v1/models/5": json(JSON.stringify(model).slice(0, -5)),
    "/api/v1/models/6": json('{"id":6,\n"name":"a\u0007b\nc","type":"LORA","modelVersions":[]}'),
  };
  await withApi(routes, async ({ api }) => {
    assertEquals(code(await assertRejects(() => api.models.get(5))), "invalid_response");
    assertEquals((await api.models.get(6)).name, "a b c");
  });
});

Deno.test("civitai() calls a body that breaks off a network failure", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
  const serve = async () => {
    // a GET that breaks off is asked three times
    for (let asks = 0; asks < 3; asks++) {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(`${head}{"id":5,`));
    }
  };
  using transport = fetchTransport();
  const api = civitai(transport, { baseUrl: `http://127.0.0.1:${listener.addr.port}` });
  const [error] = await Promise.all([assertRejects(() => api.models.get(5)), serve()]);
  assertInstanceOf(error, NetworkError);
});

Deno.test("civitai() throws the caller's own reason, also from the calls that answer null", async () => {
  await withApi({ "/api/v1/models/5": model }, async ({ api }) => {
    const reason = { mine: true };
    const signal = AbortSignal.abort(reason);
    for (const ask of [() => api.models.get(5, { signal }), () => api.models.getOrNull(5, { signal })]) {
      assertStrictEquals(await ask().then(() => "no", (error) => error), reason);
    }
  });
});

Deno.test("getOrNull() answers null and tells onError; a good answer tells nobody", async () => {
  const told: string[] = [];
  const onError = (error: CivikitError) => void told.push(error.code);
  await withApi({ "/api/v1/models/5": model }, async ({ api }) => {
    assertEquals((await api.models.getOrNull(5))?.name, "A");
    assertEquals(told, []);
    assertEquals(await api.models.getOrNull(6), null);
    assertEquals(await api.versions.getOrNull(6), null);
    assertEquals(await api.versions.byHashOrNull("not a hash"), null);
    assertEquals(await api.orNull(api.me()), null);
    assertEquals(told, ["not_found", "not_found", "invalid_argument", "not_found"]);
  }, { onError });
});

Deno.test("getOrNull() is never silent: without onError it tells the console, one line, secrets cut", async () => {
  const lines: string[] = [];
  const { error: tell } = console;
  console.error = (...words: unknown[]) => void lines.push(words.join(" "));
  try {
    await withApi({}, async ({ api }) => assertEquals(await api.models.getOrNull(6), null));
  } finally {
    console.error = tell;
  }
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0]!, "civikit: not_found: ");
});

Deno.test("orNull() lets through what is no failure of a call", async () => {
  await withApi({}, async ({ api }) => {
    await assertRejects(() => api.orNull(Promise.reject(new RangeError("a bug"))), RangeError, "a bug");
  });
});

Deno.test("models.list() repeats names, leaves false flags out, passes empty pages, and takes no model twice", async () => {
  const first = "/api/v1/models?types=LORA&types=LoCon&nsfw=true&limit=100";
  const routes = {
    [first]: { items: [model], metadata: { nextCursor: 12 } },
    [`${first}&cursor=12`]: { items: [], metadata: { nextCursor: "a|b" } },
    [`${first}&cursor=a%7Cb`]: { items: [model, { ...model, id: 6 }] },
  };
  await withApi(routes, async ({ api, asked }) => {
    const ids: number[] = [];
    const query = { types: ["LORA", "LoCon"], nsfw: true, archived: false, favorites: false };
    for await (const { id } of api.models.list(query)) ids.push(id);
    assertEquals(ids, [5, 6]);
    assertEquals(asked, Object.keys(routes));
  });
});

Deno.test("models.list() says so when the pages go in a circle, and asks no page that is not wanted", async () => {
  const page = { items: [model], metadata: { nextCursor: "x" } };
  const routes = { "/api/v1/models?limit=1": page, "/api/v1/models?limit=1&cursor=x": page };
  await withApi(routes, async ({ api, asked }) => {
    for await (const { id } of api.models.list({ limit: 1 })) {
      assertEquals(id, 5);
      break;
    }
    assertEquals(asked.length, 1);
    const list = api.models.list({ limit: 1 });
    assertEquals((await list.next()).value?.id, 5);
    const error = await assertRejects(() => list.next());
    assertEquals([code(error), asked.length, list.position], ["page_loop", 3, { cursor: "x", after: null }]);
  });
});

Deno.test("civitai() checks where it is to ask", () => {
  const nowhere = { fetch: () => Promise.reject(new Error("never")) };
  for (
    const baseUrl of ["", "civitai.com", "http://civitai.com", "ftp://x", "https://a:b@civitai.com", "https://x/?a=1"]
  ) {
    assertStringIncludes(assertThrows(() => civitai(nowhere, { baseUrl }), TypeError).message, "option baseUrl");
  }
  for (const host of ["", "https://civitai.com", "a/b", "a b", "a@b"]) {
    const build = () => civitai(nowhere, { trustedHosts: [host] });
    assertStringIncludes(assertThrows(build, TypeError).message, "option trustedHosts");
  }
  assertEquals(civitai(nowhere, { baseUrl: "https://mirror.example/c/" }).baseUrl, "https://mirror.example/c");
  assertEquals(civitai(nowhere).baseUrl, "https://civitai.com");
});
