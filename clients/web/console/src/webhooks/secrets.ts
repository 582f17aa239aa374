// Secrets of endpoints that were just created, until the page shows them: nowhere else, and once.

class Secrets {
  private readonly byEndpoint = new Map<string, string>();

  keep(endpointId: string, secret: string): void {
    this.byEndpoint.set(endpointId, secret);
  }

  /** Returns the secret, "" when there is none, and forgets it. */
  take(endpointId: string): string {
    const secret = this.byEndpoint.get(endpointId) ?? "";
    this.byEndpoint.delete(endpointId);
    return secret;
  }
}

export const secrets = new Secrets();
