import { browsePage } from "./browse_page.ts";
import { guidePage } from "./guide_page.ts";
import type { HubPage } from "./page.ts";
import { libraryPage } from "./library_page.ts";
import { projectPage } from "./project_page.ts";
import { queuePage } from "./queue_page.ts";
import { settingsPage } from "./settings_page.ts";
import { tidyPage } from "./tidy_page.ts";
import { userscriptPage } from "./userscript_page.ts";
import { watchPage } from "./watch_page.ts";

/** Every page, in the order of the navigation. */
export const pages: readonly HubPage[] = [
  queuePage,
  browsePage,
  watchPage,
  libraryPage,
  tidyPage,
  projectPage,
  settingsPage,
  guidePage,
  userscriptPage,
];
