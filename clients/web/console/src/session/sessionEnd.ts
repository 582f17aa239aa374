// Whether the session ended while a page was open: the page stays as it is, and its user signs in over it.

type Listener = () => void;

class SessionEnd {
  private over = false;
  private readonly listeners = new Set<Listener>();

  get isOver(): boolean {
    return this.over;
  }

  /** The server takes the tokens no more. */
  announce(): void {
    this.set(true);
  }

  /** Somebody signed in, or left. */
  resolve(): void {
    this.set(false);
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(over: boolean): void {
    if (this.over === over) return;
    this.over = over;
    for (const listener of this.listeners) listener();
  }
}

export const sessionEnd = new SessionEnd();
