import type { Command } from "./command.ts";
import { downloadCommand } from "./download.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [downloadCommand];
