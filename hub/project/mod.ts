/**
 * A project as the pages see it: manifest, lock file and disk side by side, and what can be done about it.
 *
 * @module
 */
export { openProjectPort, type ProjectPortOptions } from "./open_project_port.ts";
export type {
  AdoptedShown,
  Adoption,
  NewerVersion,
  ProjectOutcome,
  ProjectPort,
  ProjectTask,
  ProjectTrouble,
} from "./project_port.ts";
export type { DiskMark, ProjectEntry, ProjectFile } from "./project_view.ts";
