import { cacheCommand } from "./cache.ts";
import type { Command } from "./command.ts";
import { downloadCommand } from "./download.ts";
import { logsCommand } from "./logs.ts";
import { reportCommand } from "./report.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [downloadCommand, cacheCommand, reportCommand, logsCommand];
