import { join } from "node:path";
import { civitai as apiOf } from "../../../api/mod.ts";
import { folderRules } from "../../../cli/run/update_rules.ts";
import { readSettings } from "../../../cli/settings/read_settings.ts";
import { settingsPort } from "../../../cli/settings/settings_port.ts";
import { createTransport } from "../../../create_transport.ts";
import { addSidecars, runFiles } from "../../../hub/run/mod.ts";
import { metricsRegistry } from "../../../monitor/mod.ts";
import { fixed } from "../../../testing/origin/content.ts";
import { type CatalogueModel, startCivitai } from "../../_civitai/mod.ts";
import { identity, idle, type TestLibrary, testLibrary } from "../library/_library.ts";
import { type ServedHub, serveHub } from "../_service.ts";
import { model } from "../watch/_watch.ts";

/** A library of models with newer versions of every kind, pages and settings that are kept in a file. */
export interface UpdatesWorld {
  readonly hub: ServedHub;
  readonly files: TestLibrary;
  /** The file of the settings. */
  readonly config: string;
  /** Asks for newer versions, and waits until it is known. */
  check(): Promise<void>;
  /** Waits until nothing is under way. */
  idle(): Promise<void>;
}

function bytesOf(id: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2000).fill(id % 256);
  bytes[0] = 0; // no text
  return bytes;
}

const named = (one: CatalogueModel): CatalogueModel => ({
  ...one,
  versions: one.versions.map((version) => ({
    ...version,
    files: version.files.map((file) => ({
      ...file,
      name: `file_${file.id}.safetensors`,
      content: fixed(bytesOf(file.id)),
    })),
  })),
});

const shelf = () =>
  [
    model(1, [{ id: 12, at: "2025-07-01T00:00:00Z" }, { id: 11 }]),
    model(2, [{ id: 22, at: "2025-07-01T00:00:00Z", earlyUntil: "2099-01-02T00:00:00Z" }, { id: 21 }]),
    model(3, [{ id: 32, at: "2025-07-01T00:00:00Z", base: "Pony" }, { id: 31 }]),
  ].map(named);

/** Calls `work` with one: `a` has a newer version, that of `b` is sold, that of `c` for another base model, `d` is gone. */
export async function withUpdates(work: (world: UpdatesWorld) => Promise<void>): Promise<void> {
  await using site = await startCivitai({ models: shelf() });
  const home = await Deno.makeTempDir();
  try {
    const options = { env: (name: string) => ({ XDG_CONFIG_HOME: home } as Record<string, string>)[name] };
    const port = settingsPort(options, "civitai.com");
    let settings = await readSettings(options);
    const renew = async () => void (settings = await readSettings(options));
    let next = Promise.withResolvers<void>();
    const registry = metricsRegistry();
    const onChange = () => {
      registry.events.publish({ type: "library" });
      next.resolve();
      next = Promise.withResolvers();
    };
    const transport = createTransport();
    const api = apiOf(transport, { baseUrl: site.url });
    await using files = await testLibrary({
      write: (models, signal) => addSidecars(models, { api, transport, signal }),
      ...{ api, onChange, rules: () => folderRules(settings) },
      updating: {
        ...{ api, transport, fetch: runFiles() },
        settings: () => ({ sidecars: true, concurrency: 2 }),
      },
    });
    for (const [at, name] of ["a", "b", "c", "d"].entries()) {
      await files.write(`${name}.safetensors`, `old ${name}`, identity((at + 1) * 10 + 1, { modelId: at + 1 }));
    }
    await files.library.look();
    await using hub = await serveHub({
      ...{ api, registry, library: files.library, roots: () => [files.folder] },
      settings: {
        ...port,
        set: (key, text) => port.set(key, text).then(renew),
        unset: (key) => port.unset(key).then(renew),
      },
    });
    const rest = () => idle(files.library, () => next.promise);
    await work({
      ...{ hub, files, config: join(home, "civikit", "config.json"), idle: rest },
      async check() {
        files.library.checkUpdates();
        await rest();
      },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
