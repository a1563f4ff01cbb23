import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parse } from "yaml";
import { filledContainer } from "../../../cli/run/units/containers.ts";
import { filledUnit, type UnitParts, windowsWord } from "../../../cli/run/units/fill.ts";
import { originals, type UnitKind, unitKinds } from "../../../cli/run/units/originals.ts";
import { programOf } from "../../../cli/run/units/program.ts";
import { originOf, ownerOf, sealed, type UnitOrigin } from "../../../cli/run/units/seal.ts";
import { everyRight, heapOption } from "../../../cli/terminal/deno_flags.ts";
import { version } from "../../../transport/mod.ts";
import { type Element, hasPython, parsePlist, parseXml } from "./_parse.ts";

const root = new URL("../../../", import.meta.url);

const parts: UnitParts = {
  words: ["/opt/my civikit/civikit", "serve", "--config=/etc/100%/$HOME.json", '--x=a "b"'],
  isDeno: true,
  roots: ["/srv/models & more", "/data/50%"],
  isRootGiven: true,
  env: { DENO_DIR: "/var/deno <cache>" },
  logs: "/var/log/civikit",
};
const windowsParts: UnitParts = {
  words: ["C:\\Program Files\\civikit.exe", "serve", "--config=C:\\my settings\\c.json", 'a "b" c\\'],
  isDeno: false,
  roots: ["D:\\models & more"],
  isRootGiven: true,
  env: { UserId: "LAB\\me & you" },
  logs: "C:\\logs",
};

Deno.test("the originals in deploy/ are what civikit fills in, each example in them once", async () => {
  const files: Record<UnitKind, string> = {
    "systemd": "systemd/civikit.service",
    "systemd-user": "systemd/civikit-user.service",
    "launchd": "launchd/civikit.plist",
    "servy": "windows/civikit-servy.xml",
    "winsw": "windows/civikit-winsw.xml",
    "task": "windows/civikit-task.xml",
  };
  for (const kind of unitKinds) {
    const text = await Deno.readTextFile(new URL(`deploy/${files[kind]}`, root));
    assertEquals(originals[kind], text);
    const isWindows = text.includes("C:\\");
    const filled = filledUnit(kind, isWindows ? windowsParts : parts);
    assert(!/\/usr\/local\/bin\/civikit|C:\\civikit|C:\\models|\/srv\/models(?! )/.test(filled), filled);
  }
});

Deno.test("a unit for systemd quotes what systemd would read otherwise", () => {
  for (const kind of ["systemd", "systemd-user"] as const) {
    const lines = filledUnit(kind, parts).split("\n");
    const line = (name: string) => lines.filter((line) => line.startsWith(`${name}=`));
    assertEquals(line("ExecStart"), [
      'ExecStart="/opt/my civikit/civikit" serve "--config=/etc/100%%/$$HOME.json" "--x=a \\"b\\""',
    ]);
    assertEquals(line("WorkingDirectory"), ["WorkingDirectory=/srv/models & more"]);
    assertEquals(line("ReadWritePaths"), kind === "systemd" ? ['ReadWritePaths="/srv/models & more" /data/50%%'] : []);
    assert(lines.includes('Environment="CIVIKIT_ROOT=/srv/models & more"'));
    assert(lines.includes('Environment="DENO_DIR=/var/deno <cache>"'));
  }
});

Deno.test("a unit leaves out what does not hold: Deno's variables for a binary, a root that the settings say", () => {
  for (const kind of unitKinds) {
    const given = originals[kind].includes("C:\\") ? windowsParts : parts;
    const text = filledUnit(kind, { ...given, isDeno: false, isRootGiven: false, env: {} });
    assert(!text.includes("DENO_"), text);
    assert(!text.includes("CIVIKIT_ROOT"), text);
  }
});

Deno.test("a path that no line can hold is refused, with its name", () => {
  assertThrows(() => filledUnit("systemd", { ...parts, roots: ["/a\nb"] }), Error, '"/a\\nb"');
});

Deno.test("words for Windows come back as they were", () => {
  assertEquals(windowsWord("plain"), "plain");
  assertEquals(windowsWord("a b"), '"a b"');
  assertEquals(windowsWord('a "b" c\\'), '"a \\"b\\" c\\\\"');
  assertEquals(windowsWord(""), '""');
});

Deno.test({
  name: "the agent for launchd is a property list with the program, its folder and its logs",
  ignore: !hasPython,
  async fn() {
    const plist = await parsePlist(sealed(filledUnit("launchd", parts), origin));
    assertEquals(plist["ProgramArguments"], parts.words);
    assertEquals(plist["WorkingDirectory"], "/srv/models & more");
    assertEquals(plist["EnvironmentVariables"], {
      CIVIKIT_ROOT: "/srv/models & more",
      DENO_NO_UPDATE_CHECK: "1",
      DENO_DIR: "/var/deno <cache>",
    });
    assertEquals([plist["Label"], plist["RunAtLoad"], plist["KeepAlive"]], ["civikit", true, true]);
    assertEquals([plist["ThrottleInterval"], plist["Umask"], plist["ExitTimeOut"]], [10, 0o027, 30]);
    assertEquals(plist["StandardErrorPath"], "/var/log/civikit/service.log");
  },
});

/** What each element may hold, as the documents of Servy, of WinSW and of the Task Scheduler (MS-TSCH 2.5) say. */
const known: Record<"servy" | "winsw" | "task", Readonly<Record<string, RegExp>>> = {
  servy: {
    Name: /^\w+$/,
    DisplayName: /./,
    Description: /./,
    ExecutablePath: /^[A-Z]:\\/,
    StartupDirectory: /^[A-Z]:\\/,
    Parameters: /./,
    StartupType: /^[2-5]$/,
    Priority: /^[0-5]$/,
    StopTimeout: /^\d{1,5}$/,
    StdoutPath: /^[A-Z]:\\/,
    StderrPath: /^[A-Z]:\\/,
    EnableSizeRotation: /^(true|false)$/,
    RotationSize: /^\d{1,5}$/,
    MaxRotations: /^\d{1,5}$/,
    EnableHealthMonitoring: /^(true|false)$/,
    HeartbeatInterval: /^([5-9]|\d{2,5})$/,
    MaxFailedChecks: /^[1-9]\d*$/,
    RecoveryAction: /^[0-3]$/,
    MaxRestartAttempts: /^\d+$/,
    EnvironmentVariables: /^(\w+=[^;]*)(;\w+=[^;]*)*$/,
  },
  winsw: {
    id: /^[A-Za-z\d]+$/,
    name: /./,
    description: /./,
    executable: /./,
    arguments: /./,
    workingdirectory: /^[A-Z]:\\/,
    env: /^$/,
    startmode: /^(Boot|System|Automatic|Manual)$/,
    priority: /^(idle|belownormal|normal|abovenormal|high|realtime)$/i,
    stoptimeout: /^\d+ ?(sec|secs|min|mins)$/,
    onfailure: /^$/,
    resetfailure: /^\d+ (sec|min|hour|day)s?$/,
    serviceaccount: /^$/,
    domain: /./,
    user: /./,
    logpath: /^[A-Z]:\\/,
    log: /^$/,
    sizeThreshold: /^\d+$/,
    keepFiles: /^\d+$/,
  },
  task: {
    RegistrationInfo: /^$/,
    Description: /./,
    Triggers: /^$/,
    LogonTrigger: /^$/,
    Enabled: /^(true|false)$/,
    Principals: /^$/,
    Principal: /^$/,
    UserId: /^LAB\\me & you$/,
    LogonType: /^(S4U|Password|InteractiveToken|InteractiveTokenOrPassword)$/,
    RunLevel: /^(LeastPrivilege|HighestAvailable)$/,
    Settings: /^$/,
    MultipleInstancesPolicy: /^(Parallel|Queue|IgnoreNew|StopExisting)$/,
    DisallowStartIfOnBatteries: /^(true|false)$/,
    StopIfGoingOnBatteries: /^(true|false)$/,
    StartWhenAvailable: /^(true|false)$/,
    ExecutionTimeLimit: /^PT\d+[SMH]$/,
    Priority: /^([0-9]|10)$/,
    RestartOnFailure: /^$/,
    Interval: /^PT([1-9]|[1-5]\d)M$/, // from one minute on
    Count: /^([1-9]|\d\d|1\d\d|2[0-4]\d|25[0-5])$/, // an unsigned byte from 1 on
    Actions: /^$/,
    Exec: /^$/,
    Command: /./,
    Arguments: /./,
    WorkingDirectory: /^[A-Z]:\\/,
  },
};

const origin: UnitOrigin = {
  version,
  roots: ["/srv/a--b"],
  isRootGiven: true,
  options: ["--port=1"],
  env: {},
  logs: null,
};

Deno.test({
  name: "the files for Windows are XML of known elements only, with the values that were filled in",
  ignore: !hasPython,
  async fn() {
    const roots = { servy: "ServiceDto", winsw: "service", task: "Task" } as const;
    const names = {
      servy: ["ExecutablePath", "Parameters", "StartupDirectory"],
      winsw: ["executable", "arguments", "workingdirectory"],
      task: ["Command", "Arguments", "WorkingDirectory"],
    } as const;
    for (const kind of ["servy", "winsw", "task"] as const) {
      const found: Record<string, string> = {};
      const bare = (name: string) => name.replace(/^\{.*\}/, "");
      const walk = ({ name, text, children }: Element) => {
        const rule = known[kind][bare(name)];
        assert(rule !== undefined, `${kind}: ${name} is not documented`);
        assert(rule.test(text), `${kind}: ${name} "${text}"`);
        found[bare(name)] = text;
        children.forEach(walk);
      };
      const tree = await parseXml(sealed(filledUnit(kind, windowsParts), origin));
      assertEquals(bare(tree.name), roots[kind]);
      if (kind === "task") assertStringIncludes(tree.name, "{http://schemas.microsoft.com/windows/2004/02/mit/task}");
      tree.children.forEach(walk);
      assertEquals(names[kind].map((name) => found[name]), [
        "C:\\Program Files\\civikit.exe",
        'serve "--config=C:\\my settings\\c.json" "a \\"b\\" c\\\\"',
        "D:\\models & more",
      ]);
    }
  },
});

Deno.test("compose and quadlet are the files of deploy/ with the folder and the port in them", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(`deploy/container/${name}`, root));
  assertEquals(filledContainer("quadlet", { root: undefined, port: undefined }), await read("civikit.container"));
  const lines = filledContainer("quadlet", { root: "/srv/50%", port: 9000 }).split("\n");
  assert(lines.includes("Volume=/srv/50%%:/models:z"));
  assert(lines.includes("PublishPort=127.0.0.1:9000:8787"));
  const { civikit, proxy } = parse(filledContainer("compose", { root: "/srv/$my models", port: 9000 })).services;
  const original = parse(await read("compose.yaml")).services.civikit;
  const { build: _build, ...rest } = original;
  assertEquals(civikit, {
    ...rest,
    ports: ["127.0.0.1:9000:8787"],
    volumes: ["data:/data", "/srv/$$my models:/models"],
  });
  assertEquals(proxy.volumes[0], "./Caddyfile:/etc/caddy/Caddyfile:ro");
});

Deno.test("a seal tells a unit of ours from one that someone changed and from somebody else's", () => {
  for (const kind of unitKinds) {
    const text = sealed(originals[kind], origin);
    assertEquals([ownerOf(text), originOf(text)], ["ours", origin], kind);
    assertEquals(ownerOf(text.replace("civikit", "civikat")), "edited");
    assertEquals(ownerOf(`${text}# more\n`), "edited");
    assertEquals(ownerOf(text.split("\n").slice(0, -2).join("\n")), "edited");
    assertEquals([ownerOf(originals[kind]), originOf(originals[kind])], ["foreign", undefined]);
  }
});

Deno.test("a civikit is started again as it was: checkout with and without the map, package, bundle, binary", () => {
  const execPath = "/opt/deno";
  const folder = decodeURIComponent(root.pathname);
  const facts = (main: string, isMapped = false) => ({
    ...{ main, execPath, isStandalone: false },
    resolve: () => isMapped ? `file://${folder}tools/npm_only/cli.ts` : "jsr:@std/cli",
  });
  const checkout = new URL("cli/main.ts", root).href;
  const rights = [heapOption, ...everyRight];
  const run = [execPath, "run", "--quiet", "--no-prompt"];
  const config = `--config=${folder}deno.json`;
  assertEquals(programOf(facts(checkout)).words, [...run, config, ...rights, `${folder}cli/main.ts`]);
  const map = `--import-map=${folder}tools/npm_only/import_map.json`;
  assertEquals(programOf(facts(checkout, true)).words, [...run, config, map, ...rights, `${folder}cli/main.ts`]);
  // a task of deno.json starts tools/civikit.ts, which goes where it was called from; a service has no such place
  assertEquals(programOf(facts(new URL("tools/civikit.ts", root).href)).words.at(-1), `${folder}cli/main.ts`);
  assertEquals(programOf(facts(`https://jsr.io/@civikit/civikit/${version}/cli/main.ts`)), {
    kind: "package",
    words: [...run, "--no-config", ...rights, `jsr:@civikit/civikit@${version}/cli`],
    files: [execPath],
  });
  assertEquals(programOf(facts("file:///srv/civikit.js")), {
    kind: "bundle",
    words: [...run, "--no-config", ...rights, "/srv/civikit.js"],
    files: [execPath, "/srv/civikit.js"],
  });
  const binary = {
    ...facts("file:///tmp/deno-compile-civikit/cli/main.ts"),
    isStandalone: true,
    execPath: "/bin/civikit",
  };
  assertEquals(programOf(binary), { kind: "binary", words: ["/bin/civikit"], files: ["/bin/civikit"] });
});
