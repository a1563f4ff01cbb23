import { cacheCommand } from "./cache.ts";
import type { Command } from "./command.ts";
import { downloadCommand } from "./download.ts";
import { logsCommand } from "./logs.ts";
import { reportCommand } from "./report.ts";
import { addCommand } from "./add.ts";
import { installCommand } from "./install.ts";
import { outdatedCommand } from "./outdated.ts";
import { removeCommand } from "./remove.ts";
import { scanCommand } from "./scan.ts";
import { serveCommand } from "./serve.ts";
import { updateCommand } from "./update.ts";
import { updatesCommand } from "./updates.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  downloadCommand,
  cacheCommand,
  reportCommand,
  logsCommand,
  serveCommand,
  scanCommand,
  updatesCommand,
  verifyCommand,
  addCommand,
  removeCommand,
  installCommand,
  outdatedCommand,
  updateCommand,
];
