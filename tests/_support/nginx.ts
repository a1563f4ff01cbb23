/**
 * A private nginx for tests and benches that want a fast, well-behaved origin. Not every machine has one: ask
 * {@linkcode hasNginx} first.
 *
 * ```ts ignore
 * Deno.test({ name: "…", ignore: !hasNginx, async fn() {
 *   await using nginx = await startNginx({ folder, limitRateBytes: 8 * 1024 ** 2 });
 *   await fetch(nginx.url + "/file-in-folder.bin");
 * } });
 * ```
 *
 * @module
 */

import { freePort } from "./free_port.ts";

const places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
const program = places.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Tells whether this machine has nginx. */
export const hasNginx: boolean = program !== undefined;

/** What {@linkcode startNginx} takes. */
export interface NginxOptions {
  /** Folder whose files are served at `/`. */
  folder: string;
  /** Most bytes a second on each connection (default: no limit). */
  limitRateBytes?: number;
  /** Most connections of one client; more get 503 (default: no limit). */
  connections?: number;
  /** Files of a certificate and its key: TLS instead of plain HTTP. */
  tls?: { readonly cert: string; readonly key: string };
  /** Further lines for the `server` block. */
  extra?: string;
}

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:port` (`https:` with TLS), without a slash at the end. */
  readonly url: string;
  /** The port. */
  readonly port: number;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

function configuration(port: number, options: NginxOptions): string {
  const { folder, limitRateBytes, connections, tls, extra = "" } = options;
  const limit = limitRateBytes === undefined ? "" : `limit_rate ${limitRateBytes};`;
  const zone = connections === undefined ? "" : "limit_conn_zone $binary_remote_addr zone=one:1m;";
  return `
    daemon off; master_process off; pid nginx.pid;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
      client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
      ${zone}
      server {
        listen 127.0.0.1:${port}${tls ? " ssl" : ""};
        ${tls ? `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};` : ""}
        root "${folder}";
        ${limit} ${connections === undefined ? "" : `limit_conn one ${connections};`}
        ${extra}
      }
    }`;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts nginx on a free port, with everything of its own in a temporary folder.
 *
 * @throws {Error} When there is no nginx, or it does not come up within a minute.
 */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  if (program === undefined) throw new Error("starting nginx: not installed");
  const home = await Deno.makeTempDir({ prefix: "civikit-nginx-" });
  const port = freePort();
  await Deno.writeTextFile(`${home}/nginx.conf`, configuration(port, options));
  const process = new Deno.Command(program, {
    args: ["-p", home, "-e", `${home}/error.log`, "-c", `${home}/nginx.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isRunning = true;
  const ended = process.status.then(() => isRunning = false);

  async function stop(): Promise<void> {
    if (isRunning) process.kill("SIGTERM");
    await ended;
    await Deno.remove(home, { recursive: true });
  }
  let stopped: Promise<void> | undefined;
  const close = () => stopped ??= stop();

  const deadline = performance.now() + 60_000;
  while (!await isListening(port)) {
    if (!isRunning || performance.now() > deadline) {
      const log = await Deno.readTextFile(`${home}/error.log`).catch(() => "");
      await close();
      throw new Error(`starting nginx on port ${port}: not up: ${log.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const scheme = options.tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close };
}
