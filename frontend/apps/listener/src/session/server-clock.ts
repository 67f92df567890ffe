/**
 * How far the server's clock provably differs from ours, in milliseconds (server minus browser).
 *
 * The smallest offset with which the server's time lies between question and answer: zero as long as the clocks may
 * agree, as an answer that took long, from a cold function, says nothing about them.
 */
export function clockOffsetMs(serverTime: number, askedAt: number, answeredAt: number): number {
  if (serverTime > answeredAt) return serverTime - answeredAt;
  return Math.min(0, serverTime - askedAt);
}
