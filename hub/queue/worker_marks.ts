import { isMarkHeld, markProcess, type ProcessMark, removeMark } from "../../monitor/stats/process_mark.ts";

/** The marks by which processes of one machine know whether each other's workers live. */
export interface WorkerMarks {
  /** Marks this process as the one of `worker`. */
  show(worker: string): void;
  /** Whether it lives; undefined where only its time can tell. */
  isAlive(worker: string): boolean | undefined;
  /** Takes away what a dead one left. */
  forget(worker: string): void;
  /** The workers of this process. */
  own(): string[];
  /** Takes the marks of this process away. */
  close(): void;
}

/** The marks beside the file at `path`; undefined: there are none, and nothing is known. */
export function workerMarks(path: string | undefined): WorkerMarks {
  const own = new Map<string, ProcessMark>();
  return {
    show(worker) {
      if (path !== undefined && !own.has(worker)) own.set(worker, markProcess(path, worker));
    },
    isAlive(worker) {
      return own.has(worker) || (path === undefined ? undefined : isMarkHeld(path, worker));
    },
    forget(worker) {
      if (path !== undefined && !own.has(worker)) removeMark(path, worker);
    },
    own: () => [...own.keys()],
    close() {
      for (const mark of own.values()) mark.release();
      own.clear();
    },
  };
}
