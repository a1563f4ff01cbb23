import { constants } from "node:os";

// Deno's error classes do not always carry an errno, and on Windows some conditions have none
const byName: Record<string, string> = {
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  NotCapable: "EACCES",
  AlreadyExists: "EEXIST",
  IsADirectory: "EISDIR",
  NotADirectory: "ENOTDIR",
  FilesystemLoop: "ELOOP",
  Busy: "EBUSY",
  NotSupported: "ENOTSUP",
};
const byWindowsNumber: Record<number, string> = {
  1: "ENOSYS",
  4: "EMFILE",
  32: "EBUSY",
  33: "EBUSY",
  39: "ENOSPC",
  50: "ENOTSUP",
  112: "ENOSPC",
  120: "ENOSYS",
  123: "ERR_INVALID_ARG_VALUE",
  1295: "EDQUOT",
};
/** Linux lets this number of its own slip out of some file systems; it has no name outside. */
const leakedNumber = 524;

/** The number the system gave: in the message of Deno's errors, negated in those of `node:fs`. */
function nameOfNumber({ message, errno }: Error & { errno?: unknown }): string | undefined {
  const text = /\(os error (\d+)\)/.exec(message)?.[1];
  if (Deno.build.os === "windows") return text === undefined ? undefined : byWindowsNumber[Number(text)];
  const number = text === undefined ? -Number(errno) : Number(text);
  if (number === leakedNumber) return "ENOTSUP";
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
}

/** What the system calls a failure, such as `ENOSPC`; empty when that cannot be told. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error instanceof TypeError && /\bnul\b|null byte/i.test(error.message)) return "ERR_INVALID_ARG_VALUE";
  const { code } = error as { code?: unknown };
  const name = nameOfNumber(error) ?? code;
  if (name === "ERR_FS_EISDIR") return "EISDIR";
  if (typeof name === "string" && name !== "UNKNOWN") return name;
  return byName[error.name] ?? "";
}

const unsupported: ReadonlySet<string> = new Set(["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "ENOTTY"]);

/** Whether a failure says that the file system has no such thing, as network shares and FUSE say it in many ways. */
export function isUnsupported(error: unknown): boolean {
  return unsupported.has(errnoOf(error));
}
