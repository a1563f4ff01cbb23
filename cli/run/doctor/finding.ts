import type { Locale } from "../../../transport/mod.ts";
import { messageOf } from "../../../transport/internal.ts";
import { CivikitError } from "../../../transport/mod.ts";
import { ExitCode } from "../../exit_code.ts";
import { printable } from "../../terminal/text.ts";
import { type DoctorText, doctorText } from "../../texts/doctor.ts";

/** What is looked at, in the order of the lines. */
export const checkNames = [
  "network",
  "deno",
  "key",
  "folders",
  "disk",
  "databases",
  "clock",
  "proxy",
  "memory",
  "service",
  "redis",
  "bucket",
  "dns",
  "tcp",
  "tls",
  "http",
] as const;

/** What is looked at. */
export type CheckName = typeof checkNames[number];

/** How it is. */
export type Level = "ok" | "warning" | "error";

/** A text in whatever language it is read. */
export type Say = (text: DoctorText) => string;

/** What was found about one thing. */
export interface Finding {
  /** What was looked at. */
  readonly check: CheckName;
  /** How it is. */
  readonly level: Level;
  /** What there is to see. */
  readonly detail: Say;
  /** What to do; undefined where there is nothing to be done. */
  readonly next?: Say | undefined;
  /** The exit code it stands for, where its check alone does not say. */
  readonly exit?: number;
  /** It only could not be looked at after another failure, which has a line of its own. */
  readonly isConsequence?: boolean;
}

/** A finding in one language: the fields of a line of JSON. */
export interface FindingLine {
  /** What was looked at. */
  readonly check: CheckName;
  /** How it is. */
  readonly level: Level;
  /** What there is to see. */
  readonly detail: string;
  /** What to do; null where there is nothing to be done. */
  readonly next: string | null;
}

/** What was found, in one language. */
export function lineOf({ check, level, detail, next }: Finding, locale: Locale): FindingLine {
  const text = doctorText[locale];
  return { check, level, detail: printable(detail(text)), next: next === undefined ? null : printable(next(text)) };
}

/** What to do about `error`, where it is one of ours. */
export function adviceOn(error: unknown): Say | undefined {
  return error instanceof CivikitError ? (text) => text.action(error) : undefined;
}

/** What `error` says. */
export function stateOf(error: unknown): string {
  return messageOf(error);
}

/** The exit code of all that was found: the first that holds. */
export function exitCodeOf(findings: readonly Pick<Finding, "check" | "level" | "exit">[]): number {
  const isBad = (name: CheckName, code?: number) =>
    findings.some(({ check, level, exit }) => level === "error" && (check === name || (exit ?? -1) === code));
  const isShort = findings.some(({ check, level }) => check === "disk" && level !== "ok");
  if (isBad("network", ExitCode.network)) return ExitCode.network;
  if (isBad("key", ExitCode.auth)) return ExitCode.auth;
  if (isShort || isBad("folders")) return ExitCode.disk;
  return findings.every(({ level }) => level === "ok") ? ExitCode.ok : ExitCode.other;
}
