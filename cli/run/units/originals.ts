import agent from "../../../deploy/launchd/civikit.plist" with { type: "text" };
import systemUnit from "../../../deploy/systemd/civikit.service" with { type: "text" };
import userUnit from "../../../deploy/systemd/civikit-user.service" with { type: "text" };
import servy from "../../../deploy/windows/civikit-servy.xml" with { type: "text" };
import task from "../../../deploy/windows/civikit-task.xml" with { type: "text" };
import winsw from "../../../deploy/windows/civikit-winsw.xml" with { type: "text" };

/** What keeps a program running. */
export type UnitKind = "systemd" | "systemd-user" | "launchd" | "servy" | "winsw" | "task";

/** The files of deploy/ that say how civikit is kept running, with example paths in them. */
export const originals: Readonly<Record<UnitKind, string>> = {
  "systemd": systemUnit,
  "systemd-user": userUnit,
  "launchd": agent,
  "servy": servy,
  "winsw": winsw,
  "task": task,
};

/** The names of all of them. */
export const unitKinds: readonly UnitKind[] = Object.keys(originals) as UnitKind[];

/** The system each is for. */
export const systemOf: Readonly<Record<UnitKind, "linux" | "darwin" | "windows">> = {
  systemd: "linux",
  "systemd-user": "linux",
  launchd: "darwin",
  servy: "windows",
  winsw: "windows",
  task: "windows",
};
