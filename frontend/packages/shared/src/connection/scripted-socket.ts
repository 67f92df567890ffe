/** The server's end of a WebSocket, for tests of what talks to it. */
import type { ClientMessage } from "../protocol/messages.js";
import type { WebSocketLike } from "./joined-socket.js";

export class ScriptedSocket implements WebSocketLike {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: string[] = [];
  isClosed = false;

  /** What was sent, in order. */
  get received(): ClientMessage[] {
    return this.sent.map((text) => JSON.parse(text) as ClientMessage);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.onopen?.(new Event("open"));
  }

  say(message: object): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  drop(): void {
    this.onclose?.({} as CloseEvent);
  }
}
