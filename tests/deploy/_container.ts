import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled } from "../bench/_bench.ts";
import { type Containerfile, environmentOf, execForm, parseContainerfile, textsOf } from "./_containerfile.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Tells whether a container can be imitated here: no image can be pulled, but its parts can be put together. */
export const canImitate: boolean = Deno.build.os === "linux" && isInstalled("bwrap") && (() => {
  const { success } = new Deno.Command("bwrap", {
    args: ["--unshare-user", "--ro-bind", "/", "/", "true"],
    ...{ stdout: "null", stderr: "null" },
  }).outputSync();
  return success;
})();

/** What the image is made of, as the Containerfile says. */
export const containerfile: Containerfile = parseContainerfile(
  Deno.readTextFileSync(join(root, "deploy/container/Containerfile")),
);

/** The folders that an image of Debian or a distroless one has, as far as Deno needs them. */
const system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"].filter((path) => {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}).flatMap((path) => ["--ro-bind", path, path]);

/** Runs the RUN lines of the build stage, in a machine of their own over a copy of what COPY takes. */
export async function build(folder: string): Promise<void> {
  const [stage] = containerfile.stages;
  const ignored = (await Deno.readTextFile(join(root, ".dockerignore"))).split("\n");
  await Deno.mkdir(join(folder, "root", "src"), { recursive: true });
  for await (const { name } of Deno.readDir(root)) {
    if (ignored.includes(name)) continue;
    await command("cp", "-R", join(root, name), join(folder, "root", "src", name));
  }
  // packages come from the registry once; here they are there already
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "." } = Deno.env.toObject();
  const cache = DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno");
  await Deno.mkdir(join(folder, "root", "build-cache"));
  await command("cp", "-R", join(cache, "npm"), join(folder, "root", "build-cache", "npm")).catch(() => {});
  const env = {
    ...environmentOf(stage!),
    CIVIKIT_REGISTRY: Deno.env.get("CIVIKIT_REGISTRY") ?? "",
    PATH: "/opt/deno:/usr/bin:/bin:/usr/sbin",
  };
  // how this machine reaches a registry is its own affair
  const way = Object.entries(Deno.env.toObject()).filter(([name]) => /proxy|cert|tls|_registry/i.test(name));
  const files = ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl", ...way.map(([, value]) => value)]
    .filter((path) => path.startsWith("/")).flatMap((path) => ["--ro-bind-try", path, path]);
  const here = ["--bind", join(folder, "root"), "/", "--ro-bind", "/usr", "/usr", "--ro-bind", "/bin", "/bin"];
  for (const line of textsOf(stage!, "RUN")) {
    await command(
      "bwrap",
      ...["--unshare-user", "--uid", "0", "--gid", "0", "--unshare-ipc", "--die-with-parent", "--clearenv"],
      ...[...here, ...system, ...files],
      ...["--ro-bind", Deno.execPath(), "/opt/deno/deno", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"],
      ...[...Object.entries(env), ...way].flatMap(([name, value]) => ["--setenv", name, value]),
      ...["--chdir", textsOf(stage!, "WORKDIR")[0]!, "/bin/sh", "-c", line],
    );
  }
}

async function command(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null", stdout: "null" }).output();
  if (!success) throw new Error(`${program} ${args.at(-1)}: ${new TextDecoder().decode(stderr)}`);
}

/** A container that runs. */
export interface Running {
  /** The process of bwrap. */
  readonly child: Deno.ChildProcess;
  /** Sends a signal to what runs in it. */
  signal(name: Deno.Signal): void;
}

/**
 * Starts the image as the Containerfile says, and as compose.yaml does: read-only, as its user, with its variables alone and
 * a /tmp in memory.
 *
 * @param words The command, in the place of CMD, or after ENTRYPOINT as `podman run` has it.
 */
export function start(
  folder: string,
  words: readonly string[] | undefined,
  { env = {}, isWhole = false }: { env?: Record<string, string>; isWhole?: boolean } = {},
): Running {
  const stage = containerfile.stages[1]!;
  const [uid, gid] = textsOf(stage, "USER")[0]!.split(":");
  const given = words ?? execForm(textsOf(stage, "CMD")[0]!);
  const entry = isWhole
    ? []
    : execForm(textsOf(stage, "ENTRYPOINT")[0]!).filter((word) => word !== "/tini" && word !== "--");
  const copies = textsOf(stage, "COPY").map((text) => text.split(" ").slice(-2) as [string, string]);
  const built = (path: string) => join(folder, "root", path);
  const volumes = JSON.parse(textsOf(stage, "VOLUME")[0]!) as string[];
  const child = new Deno.Command("bwrap", {
    args: [
      ...[
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-uts",
        "--uid",
        uid!,
        "--gid",
        gid!,
        "--die-with-parent",
        "--clearenv",
      ],
      ...[...system, "--ro-bind", Deno.execPath(), "/bin/deno", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
      ...copies.filter(([, to]) => to !== "/").flatMap(([from, to]) => ["--ro-bind", built(from), to]),
      ...volumes.flatMap((path) => ["--bind", built(join("rooms", path)), path]),
      ...["--ro-bind-try", join(folder, "secrets"), "/run/secrets", "--remount-ro", "/"],
      ...Object.entries({ ...environmentOf(stage), ...env }).flatMap(([name, value]) => ["--setenv", name, value]),
      ...["--chdir", textsOf(stage, "WORKDIR")[0]!, ...entry, ...given],
    ],
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  return {
    child,
    signal(name) {
      const children = Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`).trim().split(" ");
      for (const pid of children) Deno.kill(Number(pid), name);
    },
  };
}
