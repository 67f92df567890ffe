/** Timers by name: at most one of each runs. */
export class Timers {
  readonly #running = new Map<string, ReturnType<typeof setTimeout>>();

  has(name: string): boolean {
    return this.#running.has(name);
  }

  /** Does something once, after so long; a timer of the same name is replaced. */
  after(name: string, delayMs: number, action: () => void): void {
    this.cancel(name);
    const timer = setTimeout(() => {
      this.#running.delete(name);
      action();
    }, delayMs);
    this.#running.set(name, timer);
  }

  /** Does something again and again, each time after so long. */
  every(name: string, periodMs: number, action: () => void): void {
    this.after(name, periodMs, () => {
      // Before the action, which may cancel it.
      this.every(name, periodMs, action);
      action();
    });
  }

  cancel(...names: readonly string[]): void {
    for (const name of names) {
      clearTimeout(this.#running.get(name));
      this.#running.delete(name);
    }
  }

  cancelAll(): void {
    this.cancel(...this.#running.keys());
  }
}
