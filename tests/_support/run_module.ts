/** Runs `source` as a program with these rights and variables, in a process of its own; what it prints. */
export async function runModule(source: string, rights: string[], env: Record<string, string> = {}): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    const args = ["run", "--no-prompt", "--no-config", "--no-check", ...rights, file];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}
