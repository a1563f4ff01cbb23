import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { envNames, isSettingKey, settingKeys } from "../../cli/settings/table.ts";
import { version } from "../../transport/http/version.ts";
import { containerfile } from "./_container.ts";
import { environmentOf, textsOf } from "./_containerfile.ts";

const deploy = new URL("../../deploy/", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, deploy));
const image = containerfile.stages[1]!;
const volumes = JSON.parse(textsOf(image, "VOLUME")[0]!) as string[];

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly read_only: boolean;
  readonly user?: string;
  readonly tmpfs?: readonly string[];
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Names of all variables that civikit reads, of its settings and otherwise. */
const known = new Set(settingKeys.filter(isSettingKey).flatMap(envNames));

Deno.test("compose.yaml runs the image as it is meant: read-only, no rights, this machine alone, secrets as files", async () => {
  const { services, secrets, volumes: named } = parse(await read("container/compose.yaml")) as Compose;
  const { civikit, proxy } = services;
  assertEquals(civikit!.image, `ghcr.io/civikit/civikit:${version}`);
  for (const service of [civikit!, proxy!]) {
    assertEquals([service.read_only, service.cap_drop], [true, ["ALL"]]);
    assertEquals(service.security_opt, ["no-new-privileges:true"]);
  }
  assertEquals(civikit!.user, textsOf(image, "USER")[0]);
  assertEquals(civikit!.ports, [`127.0.0.1:${textsOf(image, "EXPOSE")[0]}:${textsOf(image, "EXPOSE")[0]}`]);
  assertEquals(civikit!.volumes.map((volume) => volume.split(":").at(-1)), volumes);
  assertMatch(civikit!.tmpfs![0]!, /^\/tmp:.*noexec.*nosuid.*nodev/);
  // the names under which the image looks for them
  assertEquals(environmentOf(image)["CREDENTIALS_DIRECTORY"], "/run/secrets");
  assertEquals(civikit!.secrets, ["serve_token", "civitai_key"]);
  assertEquals(Object.keys(secrets), [...civikit!.secrets!]);
  assertEquals(Object.keys(civikit!.environment).filter((name) => !known.has(name)), []);
  // what is named is there
  const at = new URL("container/compose.yaml", deploy);
  assertEquals(fileURLToPath(new URL(`${civikit!.build!.context}/`, at)), fileURLToPath(new URL("../", deploy)));
  assert(Deno.statSync(new URL(`../${civikit!.build!.dockerfile}`, deploy)).isFile);
  const mounts = [...civikit!.volumes, ...proxy!.volumes].map((volume) => volume.replace(/^\$\{\w+:-(.*?)\}/, "$1"));
  for (const from of mounts.map((mount) => mount.split(":")[0]!)) {
    if (from.startsWith("../")) assert(Deno.statSync(new URL(from, at)).isFile, from);
    else assert(from in named || from === "./models", from);
  }
  assertEquals(proxy!.profiles, ["tls"]);
  assertEquals(proxy!.depends_on, { civikit: { condition: "service_healthy" } });
  const caddyfile = await read("proxy/Caddyfile");
  for (const name of Object.keys(proxy!.environment)) assertStringIncludes(caddyfile, `{$${name}:`);
});

/** An INI file as systemd reads it: sections of keys, each with all its values. */
function sectionsOf(source: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> | undefined;
  for (const line of source.split("\n").filter((line) => line.trim() !== "" && !/^[#;]/.test(line))) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) section = sections[name] ??= {};
    else if (key === undefined || section === undefined) throw new SyntaxError(line);
    else (section[key] ??= []).push(value!);
  }
  return sections;
}

// podman-systemd.unit(5), Podman 4.6: what may stand in [Container]
const containerKeys = new Set(
  ("AddCapability AddDevice Annotation AutoUpdate ContainerName DropCapability Environment EnvironmentFile EnvironmentHost " +
    "Exec ExposeHostPort Group HealthCmd HealthInterval HealthOnFailure HealthRetries HealthStartPeriod HealthTimeout " +
    "HostName Image IP IP6 Label LogDriver Mask Mount Network NoNewPrivileges Notify PodmanArgs PublishPort Pull ReadOnly " +
    "ReadOnlyTmpfs Rootfs RunInit SeccompProfile Secret SecurityLabelDisable SecurityLabelFileType SecurityLabelLevel " +
    "SecurityLabelNested SecurityLabelType Sysctl Timezone Tmpfs Unmask User UserNS Volume WorkingDir").split(" "),
);

Deno.test("civikit.container says the same to Podman as compose.yaml does to Docker", async () => {
  const { Container: container = {}, ...others } = sectionsOf(await read("container/civikit.container"));
  assertEquals(Object.keys(others), ["Unit", "Service", "Install"]);
  assertEquals(Object.keys(container).filter((key) => !containerKeys.has(key)), []);
  const { services } = parse(await read("container/compose.yaml")) as Compose;
  const { civikit } = services;
  assertEquals(container["Image"], [civikit!.image]);
  assertEquals([container["User"], container["Group"]], civikit!.user!.split(":").map((id) => [id]));
  assertEquals(container["ReadOnly"], [`${civikit!.read_only}`]);
  assertEquals(container["DropCapability"], civikit!.cap_drop);
  assertEquals(container["NoNewPrivileges"], ["true"]);
  assertEquals(container["PublishPort"], civikit!.ports);
  assertEquals(container["Secret"]!.map((secret) => /target=(\w+)/.exec(secret)![1]!), [...civikit!.secrets!]);
  assertEquals(container["Volume"]!.map((volume) => volume.split(":")[1]), volumes);
  assertEquals(container["Environment"]!.map((pair) => pair.split("=")[0]), Object.keys(civikit!.environment));
  assertEquals(others["Service"]!["TimeoutStopSec"]!.map((seconds) => `${seconds}s`), [civikit!.stop_grace_period]);
});

Deno.test("the variables of the image are those civikit reads", () => {
  const other = ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "CIVIKIT_STATE_DIR", "CREDENTIALS_DIRECTORY"];
  const names = Object.keys(environmentOf(image)).filter((name) => !name.startsWith("DENO_"));
  assertEquals(names.filter((name) => !known.has(name) && !other.includes(name)), []);
});

Deno.test("every file that the deployment guide shows is the file itself", async () => {
  const guide = await Deno.readTextFile(new URL("../docs/deployment_guide.md", deploy));
  const blocks = new Map(
    Array.from(guide.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm), ([, language, text]) => [text!, language!] as const),
  );
  const shown: Record<string, string> = {
    "container/Containerfile": "dockerfile",
    "container/compose.yaml": "yaml",
    "container/civikit.container": "ini",
    "proxy/Caddyfile": "caddyfile",
    "proxy/nginx.conf": "nginx",
  };
  for (const [path, language] of Object.entries(shown)) {
    assertEquals(blocks.get(await read(path)), language, `${path} is not shown as it is`);
    assertStringIncludes(guide, `deploy/${path}`);
  }
});
