import { assertEquals } from "@std/assert";
import { civitai, type CivitaiOptions, parseReference, resolveDownloads } from "@civikit/civikit/api";
import { auth, compose, type HttpError } from "@civikit/civikit/transport";

const version = {
  ...{ id: 7, modelId: 5, name: "v1", model: { name: "A", type: "LORA" } },
  files: [{ id: 9, name: "a.safetensors", sizeKB: 1.5, type: "Model", hashes: { SHA256: "AB".repeat(32) } }],
};
const { modelId: _, model: __, ...listed } = version;
const model = { id: 5, name: "A", type: "LORA", modelVersions: [listed] };

/** Resolves `text` where only `home` knows the model; the others answer with `status`. */
async function resolved(
  text: string,
  { home = "civitai.red", status = 404, ...options }: CivitaiOptions & { home?: string; status?: number } = {},
) {
  const asked: string[] = [];
  const socket = {
    fetch({ url, headers }: Request) {
      const { host, pathname } = new URL(url);
      asked.push(`${host}${headers.has("authorization") ? " with the key" : ""}`);
      if (host !== home) return Promise.resolve(Response.json({ error: `not on ${host}` }, { status }));
      return Promise.resolve(Response.json(pathname.includes("/models/") ? model : version));
    },
  };
  const api = civitai(compose(socket, auth({ key: "0123456789abcdef" })), options);
  const reference = parseReference(text, api);
  if (reference.kind === "url") throw new Error("no reference to the site");
  try {
    const [file] = await resolveDownloads(api, reference);
    return { asked, url: file!.url };
  } catch (error) {
    return { asked, error: error as HttpError };
  }
}

Deno.test("resolveDownloads() asks the host of the URL, too, for what the site does not know", async () => {
  for (const path of ["/models/5?modelVersionId=7", "/api/download/models/7", "/model-versions/7"]) {
    const { asked, url } = await resolved(`https://civitai.red${path}`);
    assertEquals(asked, ["civitai.com with the key", "civitai.red with the key"]);
    assertEquals(url, "https://civitai.red/api/download/models/7?fileId=9");
  }
  assertEquals((await resolved("https://www.civitai.red/models/5")).asked.map((host) => host.split(" ")[0]), [
    ...["civitai.com", "civitai.red", "civitai.red"],
  ]);
  const back = await resolved("https://civitai.com/models/5", { baseUrl: "https://civitai.red", home: "civitai.com" });
  assertEquals(back.url, "https://civitai.com/api/download/models/7?fileId=9");
});

Deno.test("resolveDownloads() asks one host alone where it knows the model, fails otherwise, or is the user's own", async () => {
  const hosts = async (text: string, options?: Parameters<typeof resolved>[1]) => (await resolved(text, options)).asked;
  const red = "https://civitai.red/models/5?modelVersionId=7";
  const com = ["civitai.com with the key"];
  assertEquals(await hosts(red, { home: "civitai.com" }), com);
  for (const status of [401, 403, 429, 500, 503]) assertEquals(await hosts(red, { status }), com);
  assertEquals(await hosts("https://civitai.green/models/5?modelVersionId=7"), com);
  assertEquals(await hosts("7"), com);
  assertEquals(await hosts("civitai:5@7"), com);
  assertEquals(await hosts(red, { baseUrl: "https://mirror.example" }), ["mirror.example"]);
});

Deno.test("resolveDownloads() sends the key to no host that auth() does not know, whatever hosts are trusted", async () => {
  const trustedHosts = ["civitai.com", "other.example"];
  const { asked } = await resolved("https://other.example/models/5?modelVersionId=7", {
    home: "other.example",
    trustedHosts,
  });
  assertEquals(asked, ["civitai.com with the key", "other.example"]);
});

Deno.test("resolveDownloads() tells what the site asked first said when nobody knows the model", async () => {
  const { asked, error } = await resolved("https://civitai.red/models/5", { home: "nowhere" });
  assertEquals([asked.length, error?.code, error?.url?.includes("civitai.com")], [2, "not_found", true]);
});
