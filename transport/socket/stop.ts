/** What is told of an abort: as for the platform, a function or an object, which costs no closure. */
export type StopListener = (() => void) | { handleEvent(): void };

/** The part of an AbortSignal that layers need; a signal is one. */
export interface Stop {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Why. */
  readonly reason: unknown;
  /** Calls `listener` when it aborts; one that has aborted calls nobody any more. */
  addEventListener(type: "abort", listener: StopListener, options?: { once?: boolean }): void;
  /** Does not call `listener` after all. */
  removeEventListener(type: "abort", listener: StopListener): void;
}

/** What holds on to something as long as a body can be read; letting go twice does no harm. */
export interface Hold {
  /** Whether there is anything to let go of. */
  readonly isHeld: boolean;
  /** Lets go. */
  release(): void;
}

/**
 * An AbortController and its signal at a fraction of their price: a platform's signal is made of an event target, weak
 * references and entries for the garbage collector, which is felt on every request. One is only made when somebody asks
 * for a `Request`, and for the socket.
 */
export class Switch implements Stop {
  /** Whether it has aborted. */
  aborted = false;
  /** Why. */
  reason: unknown = undefined;
  /** Nearly always there is one, the layer below. */
  #listener: StopListener | undefined = undefined;
  #others: StopListener[] | undefined = undefined;
  #controller: AbortController | undefined = undefined;

  /** The same as a signal of the platform. */
  get platform(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Aborts, once. */
  abort(reason: unknown = new DOMException("The signal has been aborted", "AbortError")): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const [listener, others = []] = [this.#listener, this.#others];
    this.#listener = this.#others = undefined;
    this.#controller?.abort(reason);
    if (listener !== undefined) tell(listener);
    others.forEach(tell);
  }

  addEventListener(_type: "abort", listener: StopListener): void {
    if (this.aborted) return;
    if (this.#listener === undefined) this.#listener = listener;
    else (this.#others ??= []).push(listener);
  }

  removeEventListener(_type: "abort", listener: StopListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#others = this.#others?.filter((other) => other !== listener);
  }
}

function tell(listener: StopListener): void {
  if (typeof listener === "function") listener();
  else listener.handleEvent();
}

/** A switch that aborts with another signal. `AbortSignal.any` does that too, at many times the price. */
export class Follower extends Switch implements Hold {
  /** What it follows; undefined where nobody may abort. */
  readonly followed: Stop | undefined;

  constructor(followed: Stop | undefined) {
    super();
    this.followed = followed;
    if (followed === undefined) return;
    if (followed.aborted) this.abort(followed.reason);
    else followed.addEventListener("abort", this, once);
  }

  /** What it follows has aborted. */
  handleEvent(): void {
    this.abort(this.followed!.reason);
  }

  /** A switch is its call's own, and goes when the call does; a signal may be there for years. */
  get isHeld(): boolean {
    return this.followed !== undefined && !(this.followed instanceof Switch);
  }

  release(): void {
    this.followed?.removeEventListener("abort", this);
  }
}

const once = { once: true };

/** What the platform takes for `stop`. */
export function signalOf(stop: Stop): AbortSignal {
  return stop instanceof Switch ? stop.platform : stop as AbortSignal;
}
