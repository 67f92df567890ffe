/** Icons of 24 × 24 in the colour of the text; all are decoration, their buttons have names. */
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export function SpeakerIcon() {
  return (
    <Icon>
      <path d="M11 5 6.5 9H3v6h3.5L11 19zM15 9.2a4 4 0 0 1 0 5.6M17.8 6.4a8 8 0 0 1 0 11.2" />
    </Icon>
  );
}

export function MutedIcon() {
  return (
    <Icon>
      <path d="M11 5 6.5 9H3v6h3.5L11 19zM16 9.5l5 5M21 9.5l-5 5" />
    </Icon>
  );
}

export function PauseIcon() {
  return (
    <Icon>
      <path d="M8 5v14M16 5v14" stroke-width="3.5" />
    </Icon>
  );
}

export function PlayIcon() {
  return (
    <Icon>
      <path d="M8 5.2v13.6L19 12z" fill="currentColor" />
    </Icon>
  );
}

export function GlobeIcon() {
  return (
    <Icon>
      <path d="M3 12h18M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 3c-5 5.5-5 12.5 0 18M12 3c5 5.5 5 12.5 0 18" />
    </Icon>
  );
}

export function TextIcon() {
  return (
    <Icon>
      <path d="m2.5 18 5-12h1l5 12M4.3 14h7.4M21.5 10.5V18M21.5 14.3a3.2 3.7 0 1 1-6.4 0 3.2 3.7 0 0 1 6.4 0" />
    </Icon>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="m6 6 12 12M18 6 6 18" />
    </Icon>
  );
}

export function DownIcon() {
  return (
    <Icon>
      <path d="M12 4v15m-6-6 6 6 6-6" />
    </Icon>
  );
}

export function ForwardIcon() {
  return (
    <Icon>
      <path d="m4 5 8 7-8 7zM12 5l8 7-8 7z" fill="currentColor" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m5 12.5 4.5 4.5L19 7.5" stroke-width="2.6" />
    </Icon>
  );
}

export function ReadIcon() {
  return (
    <Icon>
      <path d="M4 6h16M4 11h16M4 16h10" />
    </Icon>
  );
}

/** The product's mark: speech in a bubble. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M10 18a7 7 0 0 1 7-7h30a7 7 0 0 1 7 7v19a7 7 0 0 1-7 7H31L19 54V44h-2a7 7 0 0 1-7-7z" />
      <path class="waves" d="M21 23v9m7.5-13v17m7.5-12v7m7.5-10v13" />
    </svg>
  );
}
