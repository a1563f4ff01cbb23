/**
 * npm's s3rver, a server for objects that is not ours: it checks signatures and takes uploads in parts, but knows neither
 * checksums nor conditional writes, and cannot list uploads.
 *
 * @module
 */

/** A running s3rver with the bucket `models`. */
export interface S3rver extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  /** Its only user. */
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Starts one; npm has to be within reach. */
export async function startS3rver(): Promise<S3rver> {
  const folder = await Deno.makeTempDir();
  const options = ["--directory", folder, "--address", "127.0.0.1", "--port", "0", "--configure-bucket", "models"];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", "npm:s3rver@3.7.1", ...options],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const close = async () => {
    try {
      process.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await reader.cancel();
    await process.status;
    await Deno.remove(folder, { recursive: true });
  };
  for (let text = ""; !/listening on/.test(text);) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    const [, port] = /listening on \S+:(\d+)/.exec(text) ?? [];
    if (port === undefined) continue;
    const user = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
    return { url: `http://127.0.0.1:${port}`, user, [Symbol.asyncDispose]: close };
  }
  await close();
  throw new Error("starting s3rver: it ended before it listened; is the npm registry within reach?");
}
