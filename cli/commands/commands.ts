import { addCommand } from "./add.ts";
import { cacheCommand } from "./cache.ts";
import type { Command } from "../command.ts";
import { cleanCommand } from "./clean.ts";
import { configCommand } from "./config.ts";
import { creatorsCommand } from "./creators.ts";
import { doctorCommand } from "./doctor.ts";
import { downloadCommand } from "./download.ts";
import { enumsCommand } from "./enums.ts";
import { imagesCommand } from "./images.ts";
import { installCommand } from "./install.ts";
import { loginCommand } from "./login.ts";
import { logoutCommand } from "./logout.ts";
import { logsCommand } from "./logs.ts";
import { modelsCommand } from "./models.ts";
import { outdatedCommand } from "./outdated.ts";
import { queueCommand } from "./queue.ts";
import { pathsCommand } from "./paths.ts";
import { removeCommand } from "./remove.ts";
import { reportCommand } from "./report.ts";
import { scanCommand } from "./scan.ts";
import { serveCommand } from "./serve.ts";
import { tagsCommand } from "./tags.ts";
import { transfersCommand } from "./transfers.ts";
import { updateCommand } from "./update.ts";
import { usersCommand } from "./users.ts";
import { verifyCommand } from "./verify.ts";
import { versionsCommand } from "./versions.ts";
import { whoamiCommand } from "./whoami.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  downloadCommand,
  queueCommand,
  modelsCommand,
  versionsCommand,
  imagesCommand,
  creatorsCommand,
  tagsCommand,
  usersCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  enumsCommand,
  configCommand,
  pathsCommand,
  cleanCommand,
  cacheCommand,
  transfersCommand,
  reportCommand,
  logsCommand,
  doctorCommand,
  serveCommand,
  scanCommand,
  verifyCommand,
  addCommand,
  removeCommand,
  installCommand,
  outdatedCommand,
  updateCommand,
];
