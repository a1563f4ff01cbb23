import { join, resolve } from "node:path";
import { civitai, type FetchFiles, openProject } from "../../api/mod.ts";
import { openProjectPort } from "../../hub/project/mod.ts";
import { runFiles } from "../../hub/run/mod.ts";
import { openTidy, service, type ServiceOptions, type SettingsPort } from "../../hub/mod.ts";
import { askAnew } from "../../hub/watch/mod.ts";
import { runQueue, wakeKeyless } from "../../hub/worker/mod.ts";
import { liveTable, metricsRegistry, statsStore } from "../../monitor/mod.ts";
import { messageOf, trustedHosts } from "../../transport/internal.ts";
import { compose } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { type Keys, loadKeys } from "../settings/keys.ts";
import { monitorPaths, pairingPath } from "../settings/places.ts";
import { pairingToken } from "../settings/pairing_token.ts";
import { readSettings, type Settings } from "../settings/read_settings.ts";
import { settingsPort } from "../settings/settings_port.ts";
import { timetable } from "../settings/timetable.ts";
import { printable } from "../terminal/text.ts";
import { serveText } from "../texts/serve.ts";
import { watchText } from "../texts/watch.ts";
import { type DownloadPlace, downloadPlace } from "../options/download_place.ts";
import { downloadSettings, rateRule } from "./download_settings.ts";
import { firstStart } from "./first_start.ts";
import { openHashes } from "./hash_store.ts";
import { onNewKey } from "./on_new_key.ts";
import { openTeller } from "./open_teller.ts";
import { fleetLeaseMs, isInFleet, keepIn, openFleet } from "./open_fleet.ts";
import { isProject, namedRoots } from "../options/project_options.ts";
import { readingLimit } from "./reading_limit.ts";
import { secondSource } from "./second_source.ts";
import { serviceLibrary } from "./service_library.ts";
import { serviceLimits } from "./service_limits.ts";
import { openServiceQueue, workerPrefix } from "./service_queue.ts";
import { serviceRules } from "./service_rules.ts";
import { commandStack } from "./stack.ts";
import { stackSettings } from "./stack_settings.ts";
import { keepTrash } from "./trash_roots.ts";
import { openWatch, watchSettings } from "./watch_file.ts";

/** What {@linkcode openService} is told besides the settings. */
export interface OpenServiceOptions {
  /** Address, names and token, as the service takes them. */
  readonly access: Pick<ServiceOptions, "hostname" | "allowedHosts" | "trustedProxies" | "token">;
  /** The file of the statistics. Default: the usual one. */
  readonly store?: string | undefined;
  /** The folder of the project. Default: the one the service is started in, if it is one. */
  readonly project?: string | undefined;
  /** Shows a line to the user. */
  note(text: string): void;
}

/** The service with everything it is made of. */
export interface OpenService {
  /** Answers requests. */
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>;
  /** Works the queue off until `signal` aborts; then all bytes are written and the jobs are given back. */
  work(signal: AbortSignal): Promise<void>;
  /** Ends the streams of events. */
  close(): Promise<void>;
  /** Lets go of every file. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long Redis is waited for at the end, in milliseconds. */
const cutOffMs = 10_000;
/** Where files go, by the settings: as the commands have it. */
function placesOf(settings: Settings): Omit<DownloadPlace, "dir"> & { readonly root: string } {
  const { dir, ...below } = downloadPlace(settings);
  return { root: resolve(dir), ...below };
}

/** Whose pages a paired script may run on. */
const siteOrigins = (baseUrl: string): readonly string[] => [
  ...new Set([...trustedHosts.map((host) => `https://${host}`), new URL(baseUrl).origin]),
];

/**
 * Opens the service: the queue, the stack of the settings, the pages and what works the queue off. Settings that are
 * changed in its pages hold from the next job on, and those of limits and requests from the next request on; but for
 * where it listens, where the API is and what it records, which hold from the next start on.
 *
 * @throws {CivikitError} When the queue cannot be opened, is of a newer civikit, or another service works on it.
 * @throws {TypeError} When the way in is not safe: see {@linkcode service}.
 */
export async function openService(
  context: CommandContext,
  { access, store: storePath, project: projectFolder = ".", note }: OpenServiceOptions,
): Promise<OpenService> {
  const { io, locale } = context;
  let { settings } = context;
  const things = new AsyncDisposableStack();
  try {
    let notice: string | undefined;
    const fleet = isInFleet(context) ? things.use(await openFleet(context, note)) : undefined;
    await fleet?.checkClock();
    const queue = fleet?.queue ?? things.use(await openServiceQueue(context, (text) => note(notice = text)));
    // looked for at every request: one that is given in the page acts at once
    const keys: Keys = { find: (host) => loadKeys(io.env).find(host) };
    const stack = things.use(await commandStack(context, { keys, note, shared: fleet?.stack }));
    const path = storePath ?? monitorPaths(io.env)?.store;
    const store = path === undefined ? undefined : things.use(statsStore(path));
    const live = path === undefined ? undefined : things.use(liveTable(path));
    const hashes = things.use(openHashes({ flags: { hashes: undefined } }, context, note));
    const baseUrl = settings.value("baseUrl");
    const site = { baseUrl, trustedHosts: settings.value("trustedHosts") };
    const api = civitai(stack.transport, site);
    // one for all, so that the limit is that of all together
    const limits = serviceLimits({
      rule: () => rateRule(settings),
      slowRule: () => timetable(settings.value("serve.slowRate")),
    });
    const downloads = () => ({ ...downloadSettings(settings), throttle: limits.throttle });
    const registry = stack.monitor?.registry ?? metricsRegistry();
    const teller = await openTeller({
      settings: () => settings,
      ...{ context, note },
      onTold: ({ kind, url, state, files, failures, why, againMs }) =>
        registry.events.publish({
          type: "target",
          kind,
          url,
          state,
          files,
          failures,
          code: why?.code ?? null,
          againMs,
        }),
    });
    things.defer(() => teller.close());
    const fetch: FetchFiles = (...wanted) =>
      runFiles({
        ...(stack.monitor && { track: stack.monitor.track }),
        ...{ published: teller.published, defaults: downloads() },
        secondSource: secondSource(settings, stack.transport),
      })(...wanted);
    const project = isProject(projectFolder)
      ? things.use(openProjectPort({
        ...{ folder: resolve(projectFolder), api, transport: stack.transport, hashes, namedRoots: namedRoots(io) },
        concurrency: () => settings.value("download.concurrent"),
        throttle: () => readingLimit(settings),
        fetch,
      }))
      : undefined;
    const { host } = new URL(baseUrl);
    const port = settingsPort(settings.options, host);
    const renew = async () => {
      settings = await readSettings(settings.options);
      stack.renew(stackSettings(settings, io, note));
    };
    const changing: SettingsPort = {
      ...port,
      set: (key, text) => port.set(key, text).then(renew),
      unset: (key) => port.unset(key).then(renew),
    };
    const start = firstStart(settings, access.hostname, changing);
    const roots = () => [placesOf(settings).root, resolve(settings.value("download.directory"))];
    const onChange = () => registry.events.publish({ type: "library" });
    const library = serviceLibrary(() => settings, { hashes, api, transport: stack.transport, fetch, onChange });
    things.defer(() => library.close());
    const tell = (error: unknown) => note(serveText[locale].trouble(printable(messageOf(error as Error))));
    const refused = new Set<string>();
    const refuse = (error: unknown) => {
      const text = messageOf(error as Error);
      if (!refused.has(text)) note(printable(text));
      refused.add(text);
    };
    const rules = serviceRules({
      ...{ store: things.use(openWatch(context, settings, note)), queue, tell, onEvent: teller.onWatch },
      keyless: (target) => note(watchText[locale].keyless(printable(target))),
      api: civitai(compose(stack.transport, askAnew), site),
      settings: () => watchSettings(settings, refuse),
      have: (versions) => new Set(library.have(versions).keys()),
      publish: (rule, found, code) => registry.events.publish({ type: "watch", rule, found, code }),
    });
    const projectOf = () => isProject(projectFolder) ? openProject(projectFolder) : undefined;
    const tidy = openTidy({
      ...{ library, hashes, api, roots, onChange, where: () => placesOf(settings), project: projectOf },
      locked: () => projectOf()?.lock.files.map(({ path }) => join(projectOf()!.root, path)) ?? [],
    });
    const app = service({
      ...access,
      registry,
      ...(store && { store }),
      ...(live && { live }),
      ...(stack.store && { cache: () => stack.store!.stats() }),
      folder: () => roots(),
      queue,
      isShared: fleet !== undefined,
      notice: () => notice,
      library,
      tidy,
      api,
      transport: stack.transport,
      project,
      where: () => placesOf(settings),
      roots,
      settings: changing,
      targets: teller,
      watch: rules.port,
      limit: limits.limit,
      slowMode: limits.slowMode,
      pairing: pairingToken(pairingPath(io.env), siteOrigins(baseUrl)),
      rpcOrigins: settings.value("serve.rpcOrigins"),
      isAsking: start.isAsking,
      answerStart: start.answer,
    });
    const own = things.move();
    return {
      fetch: app.fetch,
      close: () => app.close(),
      async work(signal) {
        void library.look();
        teller.resume();
        // what cannot be told to Redis any more is taken back by its time
        if (fleet) signal.addEventListener("abort", () => Deno.unrefTimer(setTimeout(fleet.cutOff, cutOffMs)));
        void keepTrash(() => settings, { signal, onTrouble: tell });
        rules.start(signal);
        using _ = onNewKey(() => keys.find(host)?.key, () => {
          void wakeKeyless(queue).catch(tell);
          rules.wake();
        });
        await runQueue({
          ...{ queue, signal, cache: hashes, isWatching: true, site, transport: stack.transport },
          ...(fleet && { leaseMs: fleetLeaseMs, ...keepIn(fleet.store) }),
          onJob: teller.onJob,
          worker: `${workerPrefix}${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`,
          ...(stack.monitor && { track: stack.monitor.track }),
          published: teller.published,
          settings: () => ({
            ...placesOf(settings),
            sidecars: settings.value("download.sidecars"),
            verify: settings.value("download.verify"),
            concurrent: settings.value("download.concurrent"),
            download: downloads(),
            secondSource: secondSource(settings, stack.transport),
          }),
          onTrouble: tell,
        });
        await rules.stop();
      },
      [Symbol.asyncDispose]: () => own.disposeAsync(),
    };
  } catch (error) {
    await things.disposeAsync();
    throw error;
  }
}
