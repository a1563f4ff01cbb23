import { join } from "node:path";
import { everyRight, heapOption } from "../../../cli/terminal/deno_flags.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { root } from "./_service.ts";

const systemd = ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

const namespaces = ["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup", "--mount-proc"];

/** Why no systemd can be booted here; undefined where it can. */
export async function whyNoMachine(): Promise<string | undefined> {
  if (systemd === undefined) return "there is no systemd";
  if (Deno.uid() !== 0) return "only root may make the namespaces";
  if (!await succeeds("nsenter", ["--version"])) return "there is no nsenter";
  const mounts = "mount -t tmpfs tmpfs /run && mount --make-rshared /";
  return await succeeds("unshare", [...namespaces, "--", "sh", "-c", mounts])
    ? undefined
    : "namespaces are not allowed";
}

/** A systemd of its own as the first process of its own namespaces, on this machine's files. */
export interface Machine extends AsyncDisposable {
  /** Runs a program in there. */
  run(...words: string[]): Promise<{ code: number; text: string }>;
}

/** What is put into a machine. */
export interface MachineOptions {
  /** A folder of the caller's, for what is made on the way. */
  readonly folder: string;
  /** The unit `civikit.service`; it finds this Deno as /opt/deno and this checkout as /opt/civikit. */
  readonly unit: string;
  /** Lines for a drop-in. */
  readonly dropIn: string;
  /** The folder that is /srv/models in there; the user of the service owns it. */
  readonly models: string;
  /** Files of /etc/civikit, root's alone. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The words that start the checkout in a machine, as `programOf` has them outside of it. */
export async function machineProgram(): Promise<readonly string[]> {
  const maps = (await registryFlags("/opt/civikit/")).map((flag) => flag);
  return [
    ...["/opt/deno", "run", "--quiet", "--no-prompt", "--config=/opt/civikit/deno.json"],
    ...[...maps, heapOption, ...everyRight, "/opt/civikit/cli/main.ts"],
  ];
}

/**
 * Boots it: the folders the service writes to are in memory or in `folder`, /etc is a copy with the user `civikit`, and
 * nothing of the machine but this one unit is started.
 */
export async function bootMachine({ folder, unit, dropIn, models, secrets }: MachineOptions): Promise<Machine> {
  const units = join(folder, "units");
  Deno.mkdirSync(join(units, "civikit.service.d"), { recursive: true });
  Deno.writeTextFileSync(join(units, "civikit.service"), unit);
  Deno.writeTextFileSync(join(units, "civikit.service.d", "test.conf"), dropIn);
  for (const name of ["basic", "sysinit", "shutdown", "network-online", "multi-user", "start"]) {
    const wants = name === "start" ? "Wants=civikit.service\n" : "";
    Deno.writeTextFileSync(join(units, `${name}.target`), `[Unit]\nDefaultDependencies=no\n${wants}`);
  }
  const given = join(folder, "secrets");
  Deno.mkdirSync(given, { mode: 0o700 });
  for (const [name, text] of Object.entries(secrets)) {
    Deno.writeTextFileSync(join(given, name), `${text}\n`, { mode: 0o600 });
  }
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  const script = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/log /run/new/lib /run/new/cache
cp -a /etc /run/new/etc
echo 'civikit:x:990:990::/var/lib/civikit:/usr/sbin/nologin' >> /run/new/etc/passwd
echo 'civikit:x:990:' >> /run/new/etc/group
cp -a '${given}' /run/new/etc/civikit
chown -R 0:0 /run/new/etc/civikit
mount --bind /run/new/etc /etc
mkdir -p /run/new/cache/civikit/deno/npm
mount --bind '${npmCache}' /run/new/cache/civikit/deno/npm
chown 990:990 /run/new/cache/civikit /run/new/cache/civikit/deno
mount --bind /run/new/lib /var/lib
mount --rbind /run/new/cache /var/cache
mount -t tmpfs tmpfs /srv
mkdir /srv/models
chown 990:990 '${models}'
mount --bind '${models}' /srv/models
mount -t tmpfs tmpfs /opt
mkdir /opt/civikit
touch /opt/deno
mount --bind '${Deno.execPath()}' /opt/deno
mount --bind '${root}' /opt/civikit
mount --make-rshared /
exec env -i container=civikit SYSTEMD_UNIT_PATH='${units}' ${systemd} --system --unit=start.target --show-status=no
`;
  const child = new Deno.Command("unshare", {
    args: [...namespaces, "--", "sh", "-c", script],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  let hasEnded = false;
  const ended = child.status.then(() => hasEnded = true);
  const find = async (): Promise<string> => {
    for (;;) {
      if (hasEnded) throw new Error(`booting systemd: ${(await said).join("")}`);
      const children = Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`).trim();
      const enter = ["-t", children, "-m", "--", "test", "-S", "/run/systemd/private"];
      if (children !== "" && await succeeds("nsenter", enter)) return children;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const pid = await find();
  return {
    async run(...words) {
      const enter = ["-t", pid, "-m", "-p", "-u", "-i", "-C", "--", ...words];
      const { code, stdout, stderr } = await new Deno.Command("nsenter", { args: enter }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await said;
    },
  };
}
