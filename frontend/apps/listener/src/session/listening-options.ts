import type { Config } from "@babelcast/shared/config";
import type { ConnectionOptions } from "@babelcast/shared/connection/connection";
import type { SessionMemory } from "./memory";

export interface ListeningOptions {
  readonly sessionId: string;
  readonly language: string;
  readonly joinKey: string | undefined;
  /** What the tab knew before the page was loaded again. */
  readonly memory?: SessionMemory | undefined;
  /** False for a view that only reads and leaves no trace, such as the projector's. */
  readonly remembers?: boolean;
  readonly connection?: Pick<ConnectionOptions, "openWebSocket" | "policy" | "random">;
}

/** Where somebody connects who wants to listen. */
export function webSocketAddress(config: Config, { sessionId, language, joinKey }: ListeningOptions): string {
  const query = new URLSearchParams({ sessionId, role: "listener", targetLanguage: language });
  if (joinKey !== undefined) query.set("joinKey", joinKey);
  return `${config.webSocketUrl}?${query.toString()}`;
}
