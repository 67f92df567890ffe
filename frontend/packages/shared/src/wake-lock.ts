/** Keeps the screen on while a page is in use. */

/**
 * Asks for a screen wake lock, and again whenever the page comes back into view. Does nothing where there is none.
 *
 * @returns Lets the screen go off again.
 */
export function keepScreenOn(): () => void {
  let wanted = true;
  let lock: WakeLockSentinel | undefined;
  const acquire = async (): Promise<void> => {
    if (!wanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      const acquired = await navigator.wakeLock.request("screen");
      // `wanted` may have changed while the browser decided.
      if (isWanted()) lock = acquired;
      else await acquired.release();
    } catch {
      // Refused, as with a low battery: the screen behaves as it usually does.
    }
  };
  const isWanted = (): boolean => wanted;
  const onVisibilityChange = (): void => void acquire();
  document.addEventListener("visibilitychange", onVisibilityChange);
  void acquire();
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", onVisibilityChange);
    lock?.release().catch(() => undefined);
  };
}
