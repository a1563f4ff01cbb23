/**
 * Runs `program` and kills it at the worst moment it can be caught at, several times: each time some milliseconds after it
 * has printed a line to say that it is at work.
 *
 * @param check What has to hold of what each killed one left.
 */
export async function killedProgram(program: string, rounds: number, check: () => void): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", program], stdin: "null", stdout: "piped" })
      .spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, round * 7));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    check();
  }
}
