import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled } from "../bench/_bench.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { hasNginx } from "../_support/nginx.ts";
import { hasOpenssl, testAuthority } from "../_tls/mod.ts";
import { filled, listening, serve, token } from "./_proxy.ts";
import { freePort } from "../_support/free_port.ts";

const deploy = fileURLToPath(new URL("../../deploy/", import.meta.url));
const hasCaddy = isInstalled("caddy");
const host = "box.example.org";
const bearer = { authorization: `Bearer ${token}` };

/** A way to ask through a proxy, by the name that people use. */
interface Front {
  /** Where it listens. */
  readonly url: string;
  /** The address of its pages. */
  readonly origin: string;
  readonly client: Deno.HttpClient;
}

/** Asks without following where the answer leads. */
function ask({ url, origin, client }: Front, path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set("host", new URL(origin).host);
  return fetch(url + path, { redirect: "manual", ...options, headers, client } as RequestInit);
}

async function status(front: Front, path: string, options?: RequestInit): Promise<number> {
  const response = await ask(front, path, options);
  await response.body?.cancel();
  return response.status;
}

/** What holds behind every proxy. */
async function checkFront(front: Front, test: Deno.TestContext): Promise<void> {
  const { origin } = front;

  await test.step("who has no token sees the form, who has it the pages", async () => {
    const page = { accept: "text/html" };
    const first = await ask(front, "/", { headers: page });
    assertEquals([first.status, first.headers.get("location")], [303, "/login"]);
    await first.body?.cancel();
    assertEquals(await status(front, "/api/v1/queue"), 401);
    const queue = await ask(front, "/", { headers: { ...page, ...bearer } });
    assertEquals(queue.status, 200);
    assertStringIncludes(await queue.text(), "<form");
    assertMatch(queue.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    assertEquals(queue.headers.get("x-content-type-options"), "nosniff");
  });

  await test.step("a browser logs in by the form, and its cookie opens the pages", async () => {
    const body = new URLSearchParams({ token });
    const answer = await ask(front, "/login", { method: "POST", body, headers: { origin } });
    await answer.body?.cancel();
    assertEquals(answer.status, 303);
    assertMatch(answer.headers.get("set-cookie")!, /^civikit_session=.*; *secure\b/i);
    const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
    assertEquals(await status(front, "/", { headers: { cookie, accept: "text/html" } }), 200);
  });

  await test.step("a form of its own page is taken, one of another page and another name are not", async () => {
    const add = (headers: Record<string, string>) =>
      status(front, "/api/v1/queue", {
        method: "POST",
        body: JSON.stringify({ references: ["2002"] }),
        headers: { "content-type": "application/json", ...bearer, ...headers },
      });
    assertEquals(await add({ origin }), 202);
    assertEquals(await add({ origin: "https://evil.example" }), 403);
    assertEquals(
      await status(front, "/", {
        headers: { ...bearer, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
      }),
      403,
    );
  });

  await test.step("a picture of many megabytes is taken", async () => {
    const form = new FormData();
    form.set("references", "");
    form.append("files", new File([new Uint8Array(12 * 1024 ** 2)], "big.png", { type: "image/png" }));
    const answer = await ask(front, "/queue/preview", { method: "POST", body: form, headers: { ...bearer, origin } });
    await answer.body?.cancel();
    assertEquals(answer.status, 303);
    // it came through whole: civikit itself says that it is no picture
    const found = await ask(front, answer.headers.get("location")!, { headers: { accept: "text/html", ...bearer } });
    assertStringIncludes(await found.text(), "reading &quot;big.png&quot;");
  });

  await test.step("events come while the stream is open, none is held back", async () => {
    const stream = await ask(front, "/events", { headers: { ...bearer, "accept-encoding": "gzip" } });
    assertEquals(stream.status, 200);
    assertEquals(stream.headers.get("content-encoding"), null);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (due: RegExp) => {
      while (!due.test(text)) {
        const { value, done } = await reader.read();
        assert(!done, text);
        text += value;
      }
    };
    await until(/\n\n/);
    text = "";
    // nothing else is said that could push it out of a buffer
    const body = JSON.stringify({ references: ["2010"] });
    const headers = { "content-type": "application/json", ...bearer };
    assertEquals(await status(front, "/api/v1/queue", { method: "POST", body, headers }), 202);
    await until(/^event:queue$/m);
    await reader.cancel();
  });
}

Deno.test({
  name: "nginx.conf in front of civikit serve: TLS, log-in, Host and Origin, uploads, events as they come",
  ignore: !hasNginx || !hasOpenssl,
  async fn(test) {
    await using civitai = await startCivitai();
    await using service = await serve(host, civitai.url);
    const folder = await Deno.makeTempDir();
    try {
      const [plain, secure] = [freePort(), freePort()];
      const authority = testAuthority();
      const { cert, key } = authority.sign([`DNS:${host}`, "DNS:localhost"]);
      await Deno.writeTextFile(join(folder, "fullchain.pem"), cert);
      await Deno.writeTextFile(join(folder, "privkey.pem"), key);
      let site = await Deno.readTextFile(join(deploy, "proxy/nginx.conf"));
      site = filled(site, "/etc/ssl/civikit/", `${folder}/`, 2);
      site = filled(site, "127.0.0.1:8787", `127.0.0.1:${service.port}`);
      site = filled(site, "listen 80;", `listen 127.0.0.1:${plain};`);
      site = filled(site, "listen 443 ssl http2;", `listen 127.0.0.1:${secure} ssl http2;`);
      site = filled(site, "    listen [::]:80;\n", "");
      site = filled(site, "    listen [::]:443 ssl http2;\n", "");
      const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
      await Deno.writeTextFile(join(folder, "site.conf"), site);
      await Deno.writeTextFile(
        join(folder, "nginx.conf"),
        `daemon off; master_process off; pid nginx.pid; events {}
         http { access_log off; ${places.join(" ")} include site.conf; }`,
      );
      const nginx = new Deno.Command("nginx", {
        args: ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")],
        env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/usr/local/sbin` },
        ...{ stdin: "null", stdout: "null", stderr: "inherit" },
      }).spawn();
      try {
        await listening(secure, nginx);
        using client = Deno.createHttpClient({ caCerts: [authority.ca], allowHost: true, http2: false });
        const front = { url: `https://localhost:${secure}`, origin: `https://${host}`, client };
        await checkFront(front, test);

        await test.step("over TLS alone: who comes without is sent there", async () => {
          using connection = await Deno.connect({ hostname: "127.0.0.1", port: plain });
          await connection.write(new TextEncoder().encode(`GET /queue?a=1 HTTP/1.0\r\nHost: ${host}\r\n\r\n`));
          const answer = await new Response(connection.readable).text();
          assertMatch(answer, /^HTTP\/1\.1 308 /);
          assertStringIncludes(answer, `Location: https://${host}/queue?a=1\r\n`);
        });

        await test.step({
          name: "over HTTP/2, as browsers ask, the Host that is compared arrives too",
          ignore: !isInstalled("curl"),
          async fn() {
            await Deno.writeTextFile(join(folder, "ca.pem"), authority.ca);
            const { stdout, stderr } = await new Deno.Command("curl", {
              args: [
                ...["-sS", "--http2", "--cacert", join(folder, "ca.pem"), "--resolve", `${host}:${secure}:127.0.0.1`],
                ...["-H", `Authorization: Bearer ${token}`, "-H", `Origin: https://${host}:${secure}`],
                ...["-H", "Content-Type: application/json", "-d", '{ "references": ["2020"] }'],
                ...["-w", "%{http_version} %{http_code}", "-o", "/dev/null", `https://${host}:${secure}/api/v1/queue`],
              ],
            }).output();
            assertEquals(new TextDecoder().decode(stdout), "2 202", new TextDecoder().decode(stderr));
          },
        });

        await test.step("pages and scripts are compressed, and never asked for without TLS again", async () => {
          const style = await ask(front, "/assets/style.css", { headers: { "accept-encoding": "gzip" } });
          await style.body?.cancel();
          assertEquals(style.headers.get("strict-transport-security"), "max-age=31536000");
          assertEquals(style.headers.get("server"), "nginx");
        });
      } finally {
        nginx.kill("SIGTERM");
        await nginx.status;
      }
      assertEquals(
        (await Deno.readTextFile(join(folder, "error.log"))).match(/\[(?:error|crit|alert|emerg)\].*/g),
        null,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "Caddyfile is valid, and formatted as Caddy does",
  ignore: !hasCaddy,
  async fn() {
    const path = join(deploy, "proxy/Caddyfile");
    const caddy = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command("caddy", {
        args,
        env: { CIVIKIT_HOST: "box.example.org" },
      })
        .output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
    };
    const { code, err } = await caddy("validate", "--config", path, "--adapter", "caddyfile");
    assertEquals(code, 0, err);
    assert(!/"level":"(?:warn|error)"/.test(err), err);
    assertEquals((await caddy("fmt", path)).out, await Deno.readTextFile(path));
  },
});

Deno.test({
  name: "Caddyfile in front of civikit serve: log-in, Host and Origin, uploads, events as they come",
  ignore: !hasCaddy,
  async fn(test) {
    await using civitai = await startCivitai();
    await using service = await serve(host, civitai.url);
    const folder = await Deno.makeTempDir();
    const port = freePort();
    try {
      // without TLS, because Caddy would put its own authority into this machine's list of those it trusts
      await Deno.writeTextFile(
        join(folder, "Caddyfile"),
        `{\n\tadmin off\n}\n${await Deno.readTextFile(join(deploy, "proxy/Caddyfile"))}`,
      );
      const caddy = new Deno.Command("caddy", {
        args: ["run", "--config", join(folder, "Caddyfile")],
        env: {
          CIVIKIT_HOST: `http://${host}:${port}`,
          CIVIKIT_UPSTREAM: `127.0.0.1:${service.port}`,
          ...{ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
        },
        ...{ stdin: "null", stdout: "null", stderr: "null" },
      }).spawn();
      try {
        await listening(port, caddy);
        using client = Deno.createHttpClient({ allowHost: true });
        const front = { url: `http://127.0.0.1:${port}`, origin: `http://${host}:${port}`, client };
        await checkFront(front, test);
      } finally {
        // it would wait for connections that are kept open
        caddy.kill("SIGKILL");
        await caddy.status;
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
