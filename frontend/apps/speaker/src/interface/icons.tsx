/** Pictures on buttons: lines of 2 units in a square of 24, in the colour of the text; words say what they mean. */

const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11a7 7 0 0 0 14 0M12 18v3",
  microphoneOff:
    "M4 4l16 16M9 9v2a3 3 0 0 0 4.5 2.6M15 10V6a3 3 0 0 0-5.7-1.3M5 11a7 7 0 0 0 10.6 6M19 11a7 7 0 0 1-.6 2.8M12 18v3",
  pause: "M9 5v14M15 5v14",
  play: "M8 5l11 7-11 7Z",
  stop: "M6 6h12v12H6Z",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  screen: "M3 5h18v11H3ZM9 20h6M12 16v4",
  expand: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  close: "M6 6l12 12M18 6L6 18",
  keyboard: "M3 6h18v12H3ZM7 10h.01M11 10h.01M15 10h.01M7 14h10M18 10h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21a8 8 0 0 1 16 0",
  warning: "M12 4 2.5 20h19ZM12 10v4M12 17h.01",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5M12 8h.01",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="icon-lines">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: one voice, heard in several. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" class="mark">
      <circle cx="9" cy="16" r="4" />
      <path d="M16 9a10 10 0 0 1 0 14M20.500 5.500a15 15 0 0 1 0 21M25 2a20 20 0 0 1 0 28" />
    </svg>
  );
}
