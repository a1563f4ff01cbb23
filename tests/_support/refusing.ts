// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * File systems that lack something: system calls that always fail, in a process of its own.
 *
 * @module
 */
import { join } from "node:path";

const signatures: Readonly<Record<string, string>> = {
  flock: "int flock(int file, int how)",
  fsync: "int fsync(int file)",
  fdatasync: "int fdatasync(int file)",
  link: "int link(const char *from, const char *to)",
  linkat: "int linkat(int a, const char *from, int b, const char *to, int flags)",
};

/** Whether such processes can be made here. */
export const canRefuse: boolean = Deno.build.os === "linux" && hasCompiler();
if (!canRefuse) console.warn("skipped: tests on file systems that lack something need Linux and cc");

function hasCompiler(): boolean {
  try {
    return new Deno.Command("cc", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * A command to start a program through, in which each of `calls` fails with its number.
 *
 * @param folder Where the library goes.
 * @param calls Numbers by call, as in errno.h or in digits.
 * @param more Further calls, in C.
 */
export function refusing(folder: string, calls: Readonly<Record<string, string | number>>, more = ""): string[] {
  const source = join(folder, "refusing.c");
  const library = join(folder, "refusing.so");
  const bodies = Object.entries(calls).map(([name, number]) => `${signatures[name]} { errno = ${number}; return -1; }`);
  Deno.writeTextFileSync(source, ["#include <errno.h>", ...bodies, more, ""].join("\n"));
  const { success } = new Deno.Command("cc", { args: ["-shared", "-fPIC", "-w", "-o", library, source] }).outputSync();
  if (!success) throw new Error(`compiling ${source}`);
  return ["env", `LD_PRELOAD=${library}`];
}
