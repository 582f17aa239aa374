// Secrets of endpoints that were just created, until the page shows them: nowhere else, and once.

class Secrets {
  private readonly byEndpoint = new Map<string, string>();

  keep(endpointId: string, secret: string): void {
    this.byEndpoint.set(endpointId, secret);
  }

  /** Returns the secret, "" when there is none. */
  of(endpointId: string): string {
    return this.byEndpoint.get(endpointId) ?? "";
  }

  forget(endpointId: string): void {
    this.byEndpoint.delete(endpointId);
  }
}

export const secrets = new Secrets();
