import process from "node:process";

/** How busy the thread that calls has been, between one look and the next. */
export class ThreadLoad {
  #cpu = cpuMs();
  #at = performance.now();

  /** The share of the time since the last look that the thread was at work, 0 to 1; 0 where the system does not tell. */
  share(): number {
    const [cpu, at] = [cpuMs(), performance.now()];
    const share = (cpu - this.#cpu) / Math.max(1, at - this.#at);
    this.#cpu = cpu;
    this.#at = at;
    return share;
  }
}

/** Time the thread was at work, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? { user: 0, system: 0 };
  return (user + system) / 1000;
}
