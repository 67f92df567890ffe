import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 80;

export interface StickingScroll {
  readonly container: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  /** False while the reader reads back. */
  readonly isAtEnd: Signal<boolean>;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
}

/**
 * Keeps the newest in view while the reader is at the end, and leaves a reader who reads back alone.
 *
 * @param changes - Whatever makes the content longer.
 */
export function useStickToEnd(...changes: readonly unknown[]): StickingScroll {
  const container = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const follow = useCallback(() => {
    const element = container.current;
    if (element !== null && isAtEnd.peek()) element.scrollTop = element.scrollHeight;
  }, [isAtEnd]);
  const onScroll = useCallback(() => {
    const element = container.current;
    if (element === null) return;
    isAtEnd.value = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
  }, [isAtEnd]);
  const toEnd = useCallback(() => {
    isAtEnd.value = true;
    follow();
  }, [isAtEnd, follow]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the changes are the dependencies
  useLayoutEffect(follow, changes);
  useEffect(() => {
    // Turning a phone and changing the size of the text change heights as well.
    const observer = new ResizeObserver(follow);
    for (const element of [container.current, content.current]) if (element !== null) observer.observe(element);
    return () => observer.disconnect();
  }, [follow]);
  return { container, content, isAtEnd, onScroll, toEnd };
}
