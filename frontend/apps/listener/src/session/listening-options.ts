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
