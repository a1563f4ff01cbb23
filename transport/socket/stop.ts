/** The part of an AbortSignal that layers need; a signal is one. */
export interface Stop {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Why. */
  readonly reason: unknown;
  /** Calls `listener` when it aborts; one that has aborted calls nobody any more. */
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  /** Does not call `listener` after all. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What aborts a {@linkcode Stop}: an AbortController, or a {@linkcode Switch}. */
export interface Aborter {
  /** What it aborts. */
  readonly signal: Stop;
  /** Aborts it, once. */
  abort(reason?: unknown): void;
}

/**
 * An AbortController and its signal at a fraction of their price: a platform's signal is made of an event target, weak
 * references and entries for the garbage collector, which is felt on every request. One is only made when somebody asks
 * for a `Request`; the socket makes its own.
 */
export class Switch implements Stop, Aborter {
  /** Whether it has aborted. */
  aborted = false;
  /** Why. */
  reason: unknown;
  #listeners: (() => void)[] | undefined;
  #controller: AbortController | undefined;

  /** Itself: as with a controller. */
  get signal(): Stop {
    return this;
  }

  /** The same as a signal of the platform. */
  get platform(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      if (this.aborted) controller.abort(this.reason);
      else this.addEventListener("abort", () => controller.abort(this.reason));
    }
    return this.#controller.signal;
  }

  abort(reason: unknown = new DOMException("The signal has been aborted", "AbortError")): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (this.aborted) return;
    if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const left = this.#listeners?.indexOf(listener) ?? -1;
    if (left >= 0) this.#listeners!.splice(left, 1);
  }
}

/** What the platform takes for `stop`. */
export function signalOf(stop: Stop): AbortSignal {
  return stop instanceof Switch ? stop.platform : stop as AbortSignal;
}
